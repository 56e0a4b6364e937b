// Sets of images: asked for, listed, cancelled.
import { ask, askJson } from "./service.js";

const PATH = "v1/evaluation-sets";
const LISTED = 12;
const ITEMS = 100; // a page of a set's images

/** Ask for a set: a zip, or the name of a folder that the service knows. */
export function submit(given, fields) {
  const form = new FormData();
  if (given instanceof Blob) form.append("archive", given, given.name);
  else form.append("name", given);
  for (const [name, value] of Object.entries(fields)) if (value !== null && value !== "") form.append(name, value);
  return askJson(PATH, { method: "POST", body: form });
}

/** A page of the list: {sets, next_cursor}. */
export function list(cursor = null) {
  return askJson(`${PATH}?limit=${LISTED}${cursor === null ? "" : `&cursor=${cursor}`}`);
}

/** Where one stands, with its result so far. */
export function state(id) {
  return askJson(`${PATH}/${id}`);
}

/** End one that has not ended. */
export function cancel(id) {
  return askJson(`${PATH}/${id}`, { method: "DELETE" });
}

/** All its images, in its order. */
export async function items(id) {
  const found = [];
  for (let cursor = 0; cursor !== null;) {
    const page = await askJson(`${PATH}/${id}/items?limit=${ITEMS}&cursor=${cursor}`);
    found.push(...page.items);
    cursor = page.next_cursor;
  }
  return found;
}

/** The table of means as CSV. */
export async function table(id) {
  return (await ask(`${PATH}/${id}/table.csv`)).blob();
}

// Evaluations: asked for, listed, cancelled; their maps as numbers.
import { readArray } from "./npy.js";
import { ask, askJson } from "./service.js";

const PATH = "v1/evaluations";
const LISTED = 12;

/** Ask for an evaluation of an upload; the same one again is the same job. `fields` are those of the form; `mask` may be null. */
export function submit(upload, fields, mask) {
  const form = new FormData();
  form.append("image", upload.blob, upload.name);
  if (mask) form.append("mask", mask.blob, mask.name);
  for (const [name, value] of Object.entries(fields)) if (value !== null && value !== "") form.append(name, value);
  return askJson(PATH, { method: "POST", body: form });
}

/** A page of the list: {evaluations, next_cursor}. */
export function list(cursor = null) {
  return askJson(`${PATH}?limit=${LISTED}${cursor === null ? "" : `&cursor=${cursor}`}`);
}

/** Where one stands, with its result. */
export function state(id) {
  return askJson(`${PATH}/${id}`);
}

/** What is measured by now: {methods}, each with the scores that there are, in the form of the result. */
export function partial(id, signal) {
  return askJson(`${PATH}/${id}/partial`, { signal });
}

/** End one that has not ended. */
export function cancel(id) {
  return askJson(`${PATH}/${id}`, { method: "DELETE" });
}

/** A method's map: {values, height, width}, values in row-major order. */
export async function map(id, method) {
  return readArray(await (await ask(`${PATH}/${id}/maps/${method}.npy`)).arrayBuffer());
}

/** The upload as a PNG while the service keeps it, as the network's crop lies in it; beyond that an empty picture. */
export async function picture(id, method, longest) {
  return (await ask(`${PATH}/${id}/maps/${method}.png?opacity=0&size=${longest}`)).blob();
}

/** A file of the result: "curves.csv", "curves.png". */
export async function part(id, name) {
  return (await ask(`${PATH}/${id}/${name}`)).blob();
}

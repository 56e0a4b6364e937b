// What evaluations and sets have in common: asked for, listed, looked at, cancelled.
import { ask, askJson } from "./service.js";

const LISTED = 12;

/** The jobs behind a path of the API. */
export class Jobs {
  constructor(path) {
    this.path = path;
  }

  /** Ask for a job: files are [field, blob, name], `fields` those of the form; empty ones are left out. */
  send(files, fields) {
    const form = new FormData();
    for (const file of files) form.append(...file);
    for (const [name, value] of Object.entries(fields)) if (value !== null && value !== "") form.append(name, value);
    return askJson(this.path, { method: "POST", body: form });
  }

  /** A page of the list, with its `next_cursor`. */
  list(cursor = null) {
    return askJson(`${this.path}?limit=${LISTED}${cursor === null ? "" : `&cursor=${cursor}`}`);
  }

  /** Where one stands, with its result. */
  state(id) {
    return askJson(`${this.path}/${id}`);
  }

  /** End one that has not ended. */
  cancel(id) {
    return askJson(`${this.path}/${id}`, { method: "DELETE" });
  }

  /** A file of the result, such as "curves.csv". */
  async part(id, name) {
    return (await ask(`${this.path}/${id}/${name}`)).blob();
  }
}

// Requests that evaluations and sets have in common: submit, list, read, cancel.
import { ask, askJson } from "./service.js";

const PAGE_SIZE = 12;

/** The jobs under a path of the API. */
export class Jobs {
  constructor(path) {
    this.path = path;
  }

  /** Submit a job with files [field, blob, name] and form fields; empty fields are omitted. */
  send(files, fields) {
    const form = new FormData();
    for (const file of files) form.append(...file);
    for (const [name, value] of Object.entries(fields)) if (value !== null && value !== "") form.append(name, value);
    return askJson(this.path, { method: "POST", body: form });
  }

  /** One page of the list of jobs, with `next_cursor`. */
  list(cursor = null) {
    return askJson(`${this.path}?limit=${PAGE_SIZE}${cursor === null ? "" : `&cursor=${cursor}`}`);
  }

  /** The state of a job, with its result once it has one. */
  state(id) {
    return askJson(`${this.path}/${id}`);
  }

  /** Cancel a job that has not ended. */
  cancel(id) {
    return askJson(`${this.path}/${id}`, { method: "DELETE" });
  }

  /** A file of the result, such as "curves.csv". */
  async part(id, name) {
    return (await ask(`${this.path}/${id}/${name}`)).blob();
  }
}

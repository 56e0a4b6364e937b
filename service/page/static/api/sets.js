// Evaluations of sets of images.
import { Jobs } from "./jobs.js";
import { askJson } from "./service.js";

const PAGE_SIZE = 100; // items per request

class Sets extends Jobs {
  /** Submit a set: a zip file, or the name of a folder on the server. */
  submit(given, fields) {
    return given instanceof Blob ? this.send([["archive", given, given.name]], fields) : this.send([], { name: given, ...fields });
  }

  /** All images of a set, in the order of its table. */
  async items(id) {
    const found = [];
    for (let cursor = 0; cursor !== null;) {
      const page = await askJson(`${this.path}/${id}/items?limit=${PAGE_SIZE}&cursor=${cursor}`);
      found.push(...page.items);
      cursor = page.next_cursor;
    }
    return found;
  }
}

export const sets = new Sets("v1/evaluation-sets");

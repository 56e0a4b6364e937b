// Sets of images.
import { Jobs } from "./jobs.js";
import { askJson } from "./service.js";

const ITEMS = 100; // a page of a set's images

class Sets extends Jobs {
  /** Ask for a set: a zip, or the name of a folder that the service knows. */
  submit(given, fields) {
    return given instanceof Blob ? this.send([["archive", given, given.name]], fields) : this.send([], { name: given, ...fields });
  }

  /** All its images, in its order. */
  async items(id) {
    const found = [];
    for (let cursor = 0; cursor !== null;) {
      const page = await askJson(`${this.path}/${id}/items?limit=${ITEMS}&cursor=${cursor}`);
      found.push(...page.items);
      cursor = page.next_cursor;
    }
    return found;
  }
}

export const sets = new Sets("v1/evaluation-sets");

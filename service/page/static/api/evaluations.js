// Evaluations of one image; their maps as numbers.
import { Jobs } from "./jobs.js";
import { readArray } from "./npy.js";
import { askJson } from "./service.js";

class Evaluations extends Jobs {
  /** Ask for an evaluation of an upload; the same one again is the same job. `mask` may be null. */
  submit(upload, fields, mask) {
    const files = [["image", upload.blob, upload.name]];
    if (mask) files.push(["mask", mask.blob, mask.name]);
    return this.send(files, fields);
  }

  /** What is measured by now: {methods}, each with the scores that there are, in the form of the result. */
  partial(id, signal) {
    return askJson(`${this.path}/${id}/partial`, { signal });
  }

  /** A method's map: {values, height, width}, values in row-major order. */
  async map(id, method) {
    return readArray(await (await this.part(id, `maps/${method}.npy`)).arrayBuffer());
  }

  /** The upload as a PNG while the service keeps it, as the network's crop lies in it; beyond that an empty picture. */
  picture(id, method, longest) {
    return this.part(id, `maps/${method}.png?opacity=0&size=${longest}`);
  }
}

export const evaluations = new Evaluations("v1/evaluations");

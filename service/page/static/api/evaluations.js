// Evaluations of a single image.
import { Jobs } from "./jobs.js";
import { readArray } from "./npy.js";
import { askJson } from "./service.js";

class Evaluations extends Jobs {
  /** Submit an evaluation of an upload. An identical request returns the existing job. `mask` may be null. */
  submit(upload, fields, mask) {
    const files = [["image", upload.blob, upload.name]];
    if (mask) files.push(["mask", mask.blob, mask.name]);
    return this.send(files, fields);
  }

  /** Partial result of a running job: {methods, growing}, the methods as in the result, `growing` the curves in progress or null. */
  partial(id, signal) {
    return askJson(`${this.path}/${id}/partial`, { signal });
  }

  /** The map of a method: {values, height, width}, values in row-major order. */
  async map(id, method) {
    return readArray(await (await this.part(id, `maps/${method}.npy`)).arrayBuffer());
  }

  /** The upload as a PNG; fully transparent once the service has deleted the upload. */
  picture(id, method, longest) {
    return this.part(id, `maps/${method}.png?opacity=0&size=${longest}`);
  }
}

export const evaluations = new Evaluations("v1/evaluations");

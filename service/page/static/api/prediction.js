// POST /v1/predictions: one request, its answer, and the curl line that asks the very same.
import { address, ask } from "./service.js";
import { keyHeaders } from "./key.js";

/** A question that has been answered: the document, its text as it came, and the address that was asked. */
export class Prediction {
  constructor(upload, path, text) {
    Object.assign(this, { upload, path, text, answer: JSON.parse(text) });
  }

  /** Ask for an upload's classes and the values of its map; where this browser cannot show it, for the picture too. */
  static async of(upload, { model, method, signal }) {
    const query = new URLSearchParams({ include: upload.isShown ? "values" : "values,overlay" });
    if (!upload.isShown) Object.entries({ opacity: 0, size: "upload" }).forEach(([name, value]) => query.set(name, value));
    if (method !== "attention") query.set("explanation", method);
    if (model) query.set("model", model);
    const path = `v1/predictions?${query.toString().replaceAll("%2C", ",").replaceAll("%40", "@")}`;
    const form = new FormData();
    form.append("image", upload.blob, upload.name);
    const response = await ask(path, { method: "POST", body: form, signal });
    const prediction = new Prediction(upload, path, await response.text());
    if (!upload.isShown) await upload.showAs(prediction.answer.explanation.overlay_png);
    return prediction;
  }

  /** What to type to get the same answer. */
  get curl() {
    const key = "X-API-Key" in keyHeaders() ? " -H \"X-API-Key: $LABN_API_KEY\"" : "";
    return `curl${key} -F ${quoted(`image=@${this.upload.name}`)} ${quoted(address(this.path))}`;
  }
}

/** A word for the shell. */
function quoted(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

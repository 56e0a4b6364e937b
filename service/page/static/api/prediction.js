// POST /v1/predictions: a request, its answer, and the equivalent curl command.
import { keyHeaders } from "./key.js";
import { address, ask } from "./service.js";

/** An answered request: the parsed answer, its text as received, and the path that was requested. */
export class Prediction {
  constructor(upload, path, text) {
    Object.assign(this, { upload, path, text, answer: JSON.parse(text) });
  }

  /** Request the classes and map values of an upload, and its picture too if this browser cannot decode the file. */
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

  /** The curl command that sends the same request. */
  get curl() {
    const key = "X-API-Key" in keyHeaders() ? " -H \"X-API-Key: $LABN_API_KEY\"" : "";
    return `curl${key} -F ${quoted(`image=@${this.upload.name}`)} ${quoted(address(this.path))}`;
  }
}

/** Quote a word for a POSIX shell. */
function quoted(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

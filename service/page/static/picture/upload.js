// An image that a person gave: the file as it is, and its pixels for the screen.
import { Problem } from "../api/problem.js";

const MOST_PX = 4096; // longest side that is kept for the screen

/** A file and, once it is decoded, what is drawn of it. `width` and `height` are the file's own, upright. */
export class Upload {
  constructor(blob, name) {
    Object.assign(this, { blob, name, bitmap: null, width: 0, height: 0 });
  }

  /** Decode a file; one that only the service can decode comes without pixels. */
  static async of(blob, name) {
    const upload = new Upload(blob, name);
    await upload.#take(blob).catch(() => {});
    return upload;
  }

  /** Whether there are pixels. */
  get isShown() {
    return this.bitmap !== null;
  }

  /** Take the pixels from a PNG of the service's, in base64. */
  async showAs(base64) {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    await this.#take(new Blob([bytes], { type: "image/png" })).catch(() => {
      throw new Problem({ kind: "unreadable", detail: this.name });
    });
  }

  async #take(blob) {
    const whole = await createImageBitmap(blob);
    this.width = whole.width;
    this.height = whole.height;
    const scale = MOST_PX / Math.max(whole.width, whole.height);
    if (scale >= 1) {
      this.bitmap = whole;
      return;
    }
    this.bitmap = await createImageBitmap(whole, { resizeWidth: Math.round(whole.width * scale),
      resizeHeight: Math.round(whole.height * scale), resizeQuality: "medium" });
    whole.close();
  }
}

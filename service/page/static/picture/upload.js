// An uploaded image: the file, and its pixels for display.
import { Problem } from "../api/problem.js";

const MOST_PX = 4096; // longest side of the bitmap

/** A file and its decoded bitmap. `width` and `height` are those of the file after EXIF orientation; the bitmap may be smaller. */
export class Upload {
  constructor(blob, name) {
    Object.assign(this, { blob, name, bitmap: null, width: 0, height: 0 });
  }

  /** Decode a file. If the browser cannot decode it, the upload has no bitmap. */
  static async of(blob, name) {
    const upload = new Upload(blob, name);
    await upload.#decode(blob).catch(() => {});
    return upload;
  }

  /** Whether there is a bitmap to show. */
  get isShown() {
    return this.bitmap !== null;
  }

  /** Decode a base64 PNG from the service instead of the file. */
  async showAs(base64) {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    await this.#decode(new Blob([bytes], { type: "image/png" })).catch(() => {
      throw new Problem({ kind: "unreadable", detail: this.name });
    });
  }

  async #decode(blob) {
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

// A mask of where the evidence lies, for an image that has one.
import { Upload } from "../picture/upload.js";
import { element } from "./element.js";

/** A field for one file; `upload` is what was chosen, or null. `onchange` is told when it is another. */
export class MaskField {
  constructor({ onchange }) {
    Object.assign(this, { upload: null, onchange });
    this.input = element("input", { type: "file", accept: "image/*,.tif,.tiff", class: "unseen", "aria-label": "Choose a mask", tabindex: -1,
      onchange: () => this.#take() });
    this.words = element("span", { class: "hint" });
    this.away = element("button", { type: "button", onclick: () => this.clear() }, "Remove the mask");
    this.node = element("fieldset", { class: "mask checks" }, element("legend", {}, "Mask of the evidence"),
      element("p", { class: "row" }, this.input,
        element("button", { type: "button", onclick: () => this.input.click() }, "Choose a mask"), this.away, this.words));
    this.#say();
  }

  /** Have none. */
  clear() {
    this.upload = null;
    this.#say();
    this.onchange();
  }

  async #take() {
    const [file] = this.input.files;
    this.input.value = ""; // so that the same file can be chosen again
    if (!file) return;
    this.upload = await Upload.of(file, file.name);
    this.#say();
    this.onchange();
  }

  #say() {
    this.away.hidden = !this.upload;
    this.words.textContent = this.upload?.name ?? "If there is one: white where lesions or the like lie. Each map is then compared with it.";
  }
}

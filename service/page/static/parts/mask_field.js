// The field for an optional mask of the evidence.
import { Upload } from "../picture/upload.js";
import { element } from "./element.js";

/** A field for one mask file; `upload` is the chosen file or null, `onchange` is called when it changes. */
export class MaskField {
  constructor({ onchange }) {
    Object.assign(this, { upload: null, onchange });
    this.input = element("input", { type: "file", accept: "image/*,.tif,.tiff", class: "unseen", "aria-label": "Choose a mask", tabindex: -1,
      onchange: () => this.#read() });
    this.text = element("span", { class: "hint" });
    this.remove = element("button", { type: "button", onclick: () => this.clear() }, "Remove the mask");
    this.node = element("fieldset", { class: "mask checks" }, element("legend", {}, "Evidence mask (optional)"),
      element("p", { class: "row" }, this.input,
        element("button", { type: "button", onclick: () => this.input.click() }, "Choose a mask"), this.remove, this.text));
    this.#update();
  }

  /** Remove the mask. */
  clear() {
    this.upload = null;
    this.#update();
    this.onchange();
  }

  async #read() {
    const [file] = this.input.files;
    this.input.value = ""; // so that the same file can be chosen again
    if (!file) return;
    this.upload = await Upload.of(file, file.name);
    this.#update();
    this.onchange();
  }

  #update() {
    this.remove.hidden = !this.upload;
    this.text.textContent = this.upload?.name ?? "White where the evidence is, such as lesions. Each map is then compared with the mask.";
  }
}

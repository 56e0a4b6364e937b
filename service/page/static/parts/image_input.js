// Image input: by drag and drop, pasting, file dialog, or from the examples.
import { Problem } from "../api/problem.js";
import { reach } from "../api/service.js";
import { element } from "./element.js";

const KINDS = "image/jpeg,image/png,image/webp,image/tiff,image/bmp,.jpg,.jpeg,.png,.webp,.tif,.tiff,.bmp";
const EXAMPLES = [ // file, title, input channels of the models that it suits; made by the project's generators
  ["fundus-many-lesions.jpg", "Many lesions", 3],
  ["fundus-exudates.jpg", "Exudates", 3],
  ["fundus-mild.jpg", "Single haemorrhage", 3],
  ["fundus-healthy.jpg", "Healthy", 3],
  ["magnetogram-flaring.png", "Flaring region", 1],
  ["magnetogram-quiet.png", "Quiet Sun", 1],
];

/**
 * Accepts images dropped or pasted anywhere on the page. `onfile` is called with (blob, name) and, for an example,
 * the channels of its models; `onproblem` with a Problem.
 */
export class ImageInput {
  constructor({ onfile, onproblem }) {
    Object.assign(this, { onfile, onproblem, shownChannels: "" });
    this.input = element("input", { type: "file", accept: KINDS, class: "unseen", "aria-label": "Choose an image",
      onchange: () => this.#take([...this.input.files]) });
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    document.addEventListener("dragover", (event) => this.#hover(event, true), { signal });
    document.addEventListener("dragleave", (event) => event.relatedTarget ?? this.#hover(event, false), { signal });
    document.addEventListener("drop", (event) => {
      this.#hover(event, false);
      this.#take([...event.dataTransfer.files]);
    }, { signal });
    document.addEventListener("paste", (event) => {
      const files = [...event.clipboardData.files];
      if (files.length) this.#take(files);
    }, { signal });
    this.node = element("section", { class: "source", "aria-label": "Image" },
      element("div", { class: "dropzone" },
        element("p", { class: "call" }, "Drop an image here"),
        element("p", { class: "row" }, this.input,
          element("button", { type: "button", class: "primary", onclick: () => this.input.click() }, "Choose a file"),
          element("span", { class: "hint with-keys" }, "or paste one with Ctrl+V"))),
      element("div", { class: "examples" }, element("h2", {}, "Or try an example"),
        this.examples = element("ul")));
  }

  /** Show the examples that suit at least one of the models. */
  showExamples(models) {
    const channels = models.map((model) => model.input.channels);
    if (this.shownChannels === String(channels)) return; // so that a focused example keeps the focus
    this.shownChannels = String(channels);
    this.examples.replaceChildren(...EXAMPLES.filter(([, , own]) => channels.includes(own)).map((example) => this.#example(...example)));
  }

  /** Remove the listeners. */
  close() {
    this.listeners.abort();
    document.body.classList.remove("dropping");
  }

  /** Switch between a strip above the result (true) and the full size. */
  shrink(small) {
    this.node.classList.toggle("small", small);
  }

  #hover(event, over) {
    event.preventDefault();
    document.body.classList.toggle("dropping", over);
  }

  #take(files) {
    this.input.value = "";
    if (!files.length) return;
    this.#mark(null);
    if (files.length > 1) this.onproblem(new Problem({ kind: "not-an-image", detail: `${files.length} files were dropped.` }));
    else this.onfile(files[0], files[0].name || "pasted.png");
  }

  /** Mark an example as the current one; null marks none. */
  #mark(button) {
    for (const other of this.examples.querySelectorAll("button")) other.removeAttribute("aria-current");
    button?.setAttribute("aria-current", "true");
  }

  #example(file, title, channels) {
    const src = new URL(`../examples/${file}`, import.meta.url).href;
    const take = async (event) => {
      this.#mark(event.currentTarget);
      try {
        this.onfile(await (await reach(src)).blob(), file, channels);
      } catch (error) {
        this.onproblem(error);
      }
    };
    return element("li", {}, element("button", { type: "button", class: "example", title, onclick: take }, element("img", { src, alt: "", width: 192, height: 128, loading: "lazy", decoding: "async" }), element("span", {}, title)));
  }
}

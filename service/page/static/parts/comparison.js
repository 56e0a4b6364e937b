// How image and map are compared: overlaid, side by side, or alternating.
import { choice, choose } from "./choice.js";

const BLINK_MS = 700;

/** The choice of a comparison, also by the keys o, s and b; `onchange` is called when the panes change. */
export class Comparison {
  constructor(onchange) {
    Object.assign(this, { kind: "overlay", isBare: false, onchange, timer: null });
    this.node = choice("Compare", [["overlay", "Overlay"], ["beside", "Side by side"], ["blink", "Blink"]], "overlay",
      (kind) => this.#take(kind));
    this.listeners = new AbortController();
    document.addEventListener("keydown", (event) => this.#press(event), { signal: this.listeners.signal });
  }

  /** The panes of a viewer for a map layer, which may be null. */
  panes(layer) {
    if (!layer) return [{}];
    if (this.kind === "beside") return [{ title: "Image" }, { title: "Image and map", layer }];
    return [this.kind === "blink" && this.isBare ? { title: "Image" } : { title: this.kind === "blink" ? "Image and map" : "", layer }];
  }

  /** Stop the timer and the key listener. */
  close() {
    clearInterval(this.timer);
    this.listeners.abort();
  }

  #take(kind) {
    clearInterval(this.timer);
    Object.assign(this, { kind, isBare: false });
    if (kind === "blink") this.timer = setInterval(() => { this.isBare = !this.isBare; this.onchange(); }, BLINK_MS);
    this.onchange();
  }

  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input[type=text], input[type=number], textarea, select")) return;
    const kind = { o: "overlay", s: "beside", b: "blink" }[event.key];
    if (!kind) return;
    choose(this.node, kind);
    this.#take(kind);
  }
}

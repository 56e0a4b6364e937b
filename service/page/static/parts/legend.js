// The scale of a map: how often each value comes, its colours, the threshold, the network's own θ.
import { paintStrip } from "../picture/colormap.js";
import { drawn, element } from "./element.js";
import { slider } from "./slider.js";

const BINS = 40;
const HEIGHT = 34;

/** A colour bar with a threshold to move. `theta` is where the network itself cuts; `onchange` is told the threshold. */
export class Legend {
  constructor({ theta, threshold, onchange }) {
    this.strip = element("canvas", { class: "strip", "aria-hidden": "true" });
    this.bars = drawn("svg", { class: "histogram", viewBox: `0 0 ${BINS} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    this.pointer = element("div", { class: "pointer", hidden: true });
    this.slider = slider("Threshold", { value: threshold, onchange: (value) => this.#take(value, onchange) });
    this.theta = element("button", { type: "button", class: "theta", title: "Back to the network's own threshold",
      onclick: () => this.#take(theta, onchange) }, `θ ${theta.toFixed(2)}`);
    this.veil = element("div", { class: "veil" });
    this.node = element("div", { class: "legend" },
      element("div", { class: "scale" }, this.bars, this.strip, this.veil, this.pointer),
      this.slider.node,
      element("div", { class: "ticks" }, element("span", {}, "0"), this.theta, element("span", {}, "1")));
    this.values = null; // of which the histogram is
    this.theta.style.left = `${100 * theta}%`;
    this.#veil(threshold);
  }

  /** Show how the values of a map are spread, in the colours of a table. */
  show(values, table) {
    paintStrip(this.strip, table);
    if (values === this.values) return;
    this.values = values;
    const counts = new Array(BINS).fill(0);
    for (const value of values.flat()) counts[Math.min(BINS - 1, Math.floor(value * BINS))] += 1;
    const most = Math.max(...counts);
    const bars = counts.map((count, index) => {
      const height = HEIGHT * Math.sqrt(count / most);
      return drawn("rect", { x: index + 0.08, y: HEIGHT - height, width: 0.84, height });
    });
    this.bars.replaceChildren(...bars);
  }

  /** Mark a value, or none. */
  mark(value) {
    this.pointer.hidden = value === null;
    if (value !== null) this.pointer.style.left = `${100 * value}%`;
  }

  #take(value, onchange) {
    this.slider.set(value);
    this.#veil(value);
    onchange(value);
  }

  #veil(threshold) {
    this.veil.style.width = `${100 * threshold}%`;
  }
}

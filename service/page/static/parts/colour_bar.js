// The colour bar of a map: histogram of its values, colours, threshold slider and the network's own θ.
import { paintStrip } from "../picture/colormap.js";
import { svgElement, element } from "./element.js";
import { definition } from "./glossary.js";
import { slider } from "./slider.js";

const BINS = 40;
const HEIGHT = 34;

/** A colour bar with a threshold slider. `theta` is the network's own threshold; `onchange` is called with the new one. */
export class ColourBar {
  constructor({ theta, threshold, onchange }) {
    this.strip = element("canvas", { class: "strip", "aria-hidden": "true" });
    this.bars = svgElement("svg", { class: "histogram", viewBox: `0 0 ${BINS} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    this.pointer = element("div", { class: "pointer", hidden: true });
    this.slider = slider("Threshold", { value: threshold, title: definition("threshold"), onchange: (value) => this.#take(value, onchange) });
    this.theta = element("button", { type: "button", class: "theta", title: "Reset to the network's own threshold",
      onclick: () => this.#take(theta, onchange) }, `θ ${theta.toFixed(2)}`);
    this.excluded = element("div", { class: "excluded" }); // hatched: at or below the threshold
    this.node = element("div", { class: "colour-bar" },
      element("div", { class: "scale" }, this.bars, this.strip, this.excluded, this.pointer),
      this.slider.node,
      element("div", { class: "ticks" }, element("span", {}, "0"), this.theta, element("span", {}, "1")));
    this.values = null; // of the current histogram
    this.theta.style.left = `${100 * theta}%`;
    this.#hatch(threshold);
  }

  /** Show the histogram of a map's values (rows of 0..1) and the colours of a table. */
  show(values, table) {
    paintStrip(this.strip, table);
    if (values === this.values) return;
    this.values = values;
    const counts = new Array(BINS).fill(0);
    for (const value of values.flat()) counts[Math.min(BINS - 1, Math.floor(value * BINS))] += 1;
    const most = Math.max(...counts);
    const bars = counts.map((count, index) => {
      const height = HEIGHT * Math.sqrt(count / most);
      return svgElement("rect", { x: index + 0.08, y: HEIGHT - height, width: 0.84, height });
    });
    this.bars.replaceChildren(...bars);
  }

  /** Mark a value; null removes the mark. */
  mark(value) {
    this.pointer.hidden = value === null;
    if (value !== null) this.pointer.style.left = `${100 * value}%`;
  }

  #take(value, onchange) {
    this.slider.set(value);
    this.#hatch(value);
    onchange(value);
  }

  #hatch(threshold) {
    this.excluded.style.width = `${100 * threshold}%`;
  }
}

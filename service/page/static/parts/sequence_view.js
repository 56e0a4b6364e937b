// The insertion or deletion sequence of a method: curves, and the image as the network saw it at a count.
import { places } from "../picture/order.js";
import { compose } from "../picture/sequence.js";
import { Chart } from "./chart.js";
import { choice } from "./choice.js";
import { element } from "./element.js";
import { methodName, seriesClass } from "./methods.js";
import { legend } from "./pid_chart.js";
import { percent } from "./probabilities.js";
import { select } from "./select.js";
import { slider } from "./slider.js";

const SHARES = [0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1];
const START = 0.1;

/** Curves of all methods at a patch size and, where there is a picture {pixels, blank}, the strip of one of them. */
export class SequenceView {
  constructor(result, maps, picture) {
    Object.assign(this, { result, maps, picture, inserting: true, share: START });
    this.names = Object.keys(result.methods);
    this.sizes = result.methods[this.names[0]].scores.map((score) => score.patch_size);
    this.method = this.names[0];
    this.size = this.sizes.at(-1);
    this.chart = new Chart({ label: "Insertion and deletion curves", xLabel: "share of patches", yLabel: `p(${result.target.label})`, onpoint: (share) => this.scrub(share) });
    this.shown = element("canvas", { role: "img", class: "pixelated" });
    this.words = element("p", { class: "readout", role: "status", "aria-live": "off" });
    this.cells = element("ol", { class: "strip-cells" });
    this.scrubber = slider("Patches", { value: START, step: 0.001, say: (share) => `${(100 * share).toFixed(1)} %`, onchange: (share) => this.scrub(share) });
    const take = (name) => (value) => {
      this[name] = name === "size" ? Number(value) : value;
      this.redraw();
    };
    this.node = element("section", { class: "card sequence" }, element("h2", {}, "On the way from the blank to the image"),
      element("div", { class: "row" },
        choice("Patch size", this.sizes.map((m) => [String(m), `m = ${m}`]), String(this.size), take("size")),
        select("Order of", this.names.map((name) => [name, methodName(name)]), this.method, take("method")),
        choice("Direction", [["insert", "Insertion"], ["delete", "Deletion"]], "insert", (way) => { this.inserting = way === "insert"; this.redraw(); })),
      element("div", { class: "halves" },
        element("div", {}, this.chart.node, legend(this.names), element("p", { class: "hint" }, "Solid: inserted. Dashed: deleted.")),
        element("div", { class: "shown" }, this.shown, this.scrubber.node, this.words)),
      this.cells);
    this.redraw();
  }

  /** Go to a share of the patches. */
  scrub(share) {
    this.share = share;
    this.scrubber.set(share);
    this.chart.mark(share);
    const { n, insertion_curve: insertion, deletion_curve: deletion } = this.score;
    const count = Math.round(share * n.at(-1));
    const nearest = nearestTo(n, count);
    const probability = (this.inserting ? insertion : deletion)[nearest];
    this.words.replaceChildren(
      element("span", {}, `${count.toLocaleString("en")} of ${n.at(-1).toLocaleString("en")} patches`),
      element("strong", {}, `p = ${percent(probability)}`),
      n[nearest] !== count && element("span", { class: "faint" }, `measured at ${n[nearest].toLocaleString("en")}`) || "");
    if (this.place) paint(this.shown, compose(this.picture.pixels, this.picture.blank, this.place, count, this.inserting));
    this.shown.setAttribute("aria-label", `The image with ${(100 * share).toFixed(0)} % of its patches ${this.inserting ? "inserted" : "deleted"}`);
  }

  /** Draw for the method and patch size that are chosen now. */
  redraw() {
    this.chart.show({ lines: this.names.flatMap((name) => curvesOf(name, this.scoreOf(name), name === this.method)), xRange: [0, 1], yRange: [0, 1] });
    const map = this.maps[this.method];
    this.place = this.picture && map ? places(map.values, map.height, map.width, this.size) : null;
    this.shown.hidden = !this.place;
    this.cells.replaceChildren(...(this.place ? SHARES.map((share) => this.#cell(share)) : []));
    this.scrub(this.share);
  }

  scoreOf(name) {
    return this.result.methods[name].scores.find((score) => score.patch_size === this.size);
  }

  get score() {
    return this.scoreOf(this.method);
  }

  #cell(share) {
    const { n, insertion_curve: insertion, deletion_curve: deletion } = this.score;
    const nearest = nearestTo(n, share * n.at(-1));
    const canvas = element("canvas", { class: "pixelated", "aria-hidden": "true" });
    paint(canvas, compose(this.picture.pixels, this.picture.blank, this.place, n[nearest], this.inserting));
    return element("li", {}, element("button", { type: "button", onclick: () => this.scrub(n[nearest] / n.at(-1)) }, canvas,
      element("span", {}, `${Math.round(100 * share)} %: ${(this.inserting ? insertion : deletion)[nearest].toFixed(3)}`)));
  }
}

/** The lines of a score's two curves for a chart. */
export function curvesOf(name, score, isChosen) {
  const patches = score.patches ?? score.n.at(-1); // of a score that is being measured, counts do not reach the end yet
  const x = score.n.map((n) => n / patches);
  const className = `${seriesClass(name)}${isChosen ? " chosen" : ""}`;
  return [{ name: `${methodName(name)}: insertion`, className, x, y: score.insertion_curve },
    { name: `${methodName(name)}: deletion`, className, dashed: true, x, y: score.deletion_curve }];
}

function nearestTo(counts, wanted) {
  return counts.reduce((best, count, index) => (Math.abs(count - wanted) < Math.abs(counts[best] - wanted) ? index : best), 0);
}

function paint(canvas, image) {
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// The insertion or deletion sequence of a method: curves, and the perturbed image at a patch count.
import { patchRanks } from "../picture/patch_ranks.js";
import { compose } from "../picture/perturbed.js";
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

/** The curves of all methods at a patch size and, if `picture` {pixels, blank} is not null, the perturbed images of one method. */
export class SequenceView {
  constructor(result, maps, picture) {
    Object.assign(this, { result, maps, picture, inserting: true, share: START });
    this.names = Object.keys(result.methods);
    this.sizes = result.methods[this.names[0]].scores.map((score) => score.patch_size);
    this.method = this.names[0];
    this.size = this.sizes.at(-1);
    this.chart = new Chart({ label: "Insertion and deletion curves", xLabel: "share of patches", yLabel: `probability of ${result.target.label}`, onpoint: (share) => this.scrub(share) });
    this.perturbed = element("canvas", { role: "img", class: "pixelated" });
    this.text = element("p", { class: "readout", role: "status", "aria-live": "off" });
    this.cells = element("ol", { class: "strip-cells" });
    this.scrubber = slider("Patches", { value: START, step: 0.001, format: (share) => `${(100 * share).toFixed(1)} %`, onchange: (share) => this.scrub(share) });
    const setter = (name) => (value) => {
      this[name] = name === "size" ? Number(value) : value;
      this.redraw();
    };
    this.node = element("section", { class: "card sequence" }, element("h2", {}, "Perturbed images shown to the network"),
      element("div", { class: "row" },
        choice("Patch size", this.sizes.map((m) => [String(m), `${m} px`]), String(this.size), setter("size")),
        select("Order by", this.names.map((name) => [name, methodName(name)]), this.method, setter("method")),
        choice("Direction", [["insert", "Insertion"], ["delete", "Deletion"]], "insert", (way) => { this.inserting = way === "insert"; this.redraw(); })),
      element("div", { class: "halves" },
        element("div", {}, this.chart.node, legend(this.names), element("p", { class: "hint" }, "Solid: insertion. Dashed: deletion.")),
        element("div", { class: "perturbed" }, this.perturbed, this.scrubber.node, this.text)),
      this.cells);
    this.redraw();
  }

  /** Show the perturbed image at a share of the patches. */
  scrub(share) {
    this.share = share;
    this.scrubber.set(share);
    this.chart.mark(share);
    const { n, insertion_curve: insertion, deletion_curve: deletion } = this.score;
    const count = Math.round(share * n.at(-1));
    const nearest = nearestTo(n, count);
    const probability = (this.inserting ? insertion : deletion)[nearest];
    this.text.replaceChildren(
      element("span", {}, `${count.toLocaleString("en")} of ${n.at(-1).toLocaleString("en")} patches`),
      element("strong", {}, `p = ${percent(probability)}`),
      n[nearest] !== count && element("span", { class: "faint" }, `measured at ${n[nearest].toLocaleString("en")}`) || "");
    if (this.ranks) paint(this.perturbed, compose(this.picture.pixels, this.picture.blank, this.ranks, count, this.inserting));
    this.perturbed.setAttribute("aria-label", `Image with ${(100 * share).toFixed(0)} % of its patches ${this.inserting ? "inserted" : "deleted"}`);
  }

  /** Draw for the chosen method and patch size. */
  redraw() {
    this.chart.show({ lines: this.names.flatMap((name) => curvesOf(name, this.scoreOf(name), name === this.method)), xRange: [0, 1], yRange: [0, 1] });
    const map = this.maps[this.method];
    this.ranks = this.picture && map ? patchRanks(map.values, map.height, map.width, this.size) : null;
    this.perturbed.hidden = !this.ranks;
    this.cells.replaceChildren(...(this.ranks ? SHARES.map((share) => this.#cell(share)) : []));
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
    paint(canvas, compose(this.picture.pixels, this.picture.blank, this.ranks, n[nearest], this.inserting));
    return element("li", {}, element("button", { type: "button", onclick: () => this.scrub(n[nearest] / n.at(-1)) }, canvas,
      element("span", {}, `${Math.round(100 * share)} %: ${(this.inserting ? insertion : deletion)[nearest].toFixed(3)}`)));
  }
}

/** The chart lines of a score's insertion and deletion curve. */
export function curvesOf(name, score, isChosen) {
  const patches = score.patches ?? score.n.at(-1); // while a score is measured, its counts do not reach the last one yet
  const x = score.n.map((n) => n / patches);
  const className = `${seriesClass(name)}${isChosen ? " chosen" : ""}`;
  return [{ name: `${methodName(name)}: insertion`, className, x, y: score.insertion_curve },
    { name: `${methodName(name)}: deletion`, className, dashed: true, x, y: score.deletion_curve }];
}

/** The index of the count nearest to the wanted one. */
function nearestTo(counts, wanted) {
  return counts.reduce((best, count, index) => (Math.abs(count - wanted) < Math.abs(counts[best] - wanted) ? index : best), 0);
}

function paint(canvas, image) {
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext("2d").putImageData(image, 0, 0);
}

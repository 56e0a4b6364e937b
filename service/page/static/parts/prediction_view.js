// A prediction to look at: the image with its map, the answer in words, what to take away.
import { Heatmap } from "../picture/heatmap.js";
import { Comparison } from "./comparison.js";
import { element } from "./element.js";
import { MapStyle } from "./map_style.js";
import { notice } from "./notice.js";
import { Stage } from "./stage.js";
import { takeaway } from "./takeaway.js";
import { verdict } from "./verdict.js";

/** All that is shown of a prediction; nothing of it asks the service again. */
export class PredictionView {
  constructor(prediction, { model, tables, tools }) {
    const { upload, answer } = prediction;
    const { values, region, method } = answer.explanation;
    const theta = model.threshold;
    Object.assign(this, { theta, gates: method === GATING });
    this.heatmap = new Heatmap(values, region);
    this.comparison = new Comparison(() => this.redraw());
    this.style = new MapStyle({ theta, tables, onchange: () => this.redraw() });
    this.coverage = element("p", { class: "hint" });
    this.nothing = this.gates && this.heatmap.coverage(theta) === 0
      && notice("warn", "The map shut everything out", element("p", {}, "No cell is over θ: the network set its features to 0 everywhere, and would say the same of any such image."));
    this.stage = new Stage({
      label: `${upload.name}: ${answer.prediction.label}`,
      tools: [this.comparison.node, tools],
      onpoint: (point) => this.read(point),
    });
    this.node = element("div", { class: "answer" }, this.stage.node,
      element("div", { class: "panel" },
        verdict(answer, model.card),
        element("section", { class: "card" }, element("h2", {}, METHODS[method] ?? method), this.nothing, this.style.node, this.coverage),
        takeaway(prediction, () => this.style.layer(this.heatmap)),
        element("a", { class: "button wide", href: "#/evaluate" }, "How far can this map be trusted? Evaluate it")));
    this.stage.viewer.show(upload.bitmap, upload.width, upload.height);
    this.redraw();
  }

  /** End what goes on by itself. */
  close() {
    this.comparison.close();
  }

  /** Draw in the style that is chosen now. */
  redraw() {
    const { threshold, table, legend } = this.style;
    this.stage.viewer.arrange(this.comparison.panes(this.style.layer(this.heatmap)));
    legend.show(this.heatmap.values, table);
    const share = (100 * this.heatmap.coverage(threshold)).toFixed(1);
    this.coverage.textContent = `${share} % of the ${this.heatmap.values.length} × ${this.heatmap.values[0].length} cells are over ${threshold.toFixed(2)}. ${this.#meaning(threshold)}`;
  }

  /** What it means to be over a threshold. */
  #meaning(threshold) {
    if (!this.gates) return "This map gates nothing: it is scaled to 0 to 1 for this image alone.";
    if (threshold === this.theta) return "There α weighs the network's features; elsewhere it sets them to 0.";
    return `The network itself cuts at θ = ${this.theta.toFixed(2)}.`;
  }

  /** Say what is at a place. */
  read(point) {
    const value = point && this.heatmap.at(point.x, point.y);
    this.style.legend.mark(value ?? null);
    if (!point) return null;
    const place = element("span", {}, `x ${Math.floor(point.x)}, y ${Math.floor(point.y)}`);
    if (value === null) return [place, element("span", { class: "faint" }, "outside of what the network saw")];
    const isOver = value > this.style.threshold;
    return [place, element("strong", {}, `α ${value.toFixed(3)}`),
      element("span", { class: "faint" }, isOver ? "over the threshold" : "under the threshold")];
  }
}

const GATING = "attention";
const METHODS = { attention: "Attention map", lambda_attention: "Lambda attention map" };

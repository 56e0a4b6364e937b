// A prediction: the image with its map, the answer in words, and downloads.
import { Heatmap } from "../picture/heatmap.js";
import { Comparison } from "./comparison.js";
import { downloads } from "./downloads.js";
import { element } from "./element.js";
import { definition } from "./glossary.js";
import { MapControls } from "./map_controls.js";
import { notice } from "./notice.js";
import { verdict } from "./verdict.js";
import { ViewerFrame } from "./viewer_frame.js";

/** The view of a prediction. It works on the received values; it sends no further requests. */
export class PredictionView {
  constructor(prediction, { model, tables, tools }) {
    const { upload, answer } = prediction;
    const { values, region, method } = answer.explanation;
    const theta = model.threshold;
    Object.assign(this, { theta, gates: method === GATING });
    this.heatmap = new Heatmap(values, region);
    this.comparison = new Comparison(() => this.redraw());
    this.controls = new MapControls({ theta, tables, onchange: () => this.redraw() });
    this.coverage = element("p", { class: "hint", title: definition("coverage") });
    const emptyNotice = this.gates && this.heatmap.coverage(theta) === 0
      && notice("warn", "No region passed the threshold", element("p", {}, "No cell of the map exceeds θ, so the network set all gated features to 0. It gives the same answer for every image of this kind."));
    this.frame = new ViewerFrame({
      label: `${upload.name}: ${answer.prediction.label}`,
      tools: [this.comparison.node, tools],
      onpoint: (point) => this.read(point),
    });
    this.node = element("div", { class: "answer" }, this.frame.node,
      element("div", { class: "panel" },
        verdict(answer, model.card),
        element("section", { class: "card" }, element("h2", {}, METHODS[method] ?? method), emptyNotice, this.controls.node, this.coverage),
        downloads(prediction, () => this.controls.layer(this.heatmap)),
        element("a", { class: "button wide", href: "#/evaluate" }, "How faithful is this map? Evaluate it")));
    this.frame.viewer.show(upload.bitmap, upload.width, upload.height);
    this.redraw();
  }

  /** Stop timers and listeners. */
  close() {
    this.comparison.close();
  }

  /** Draw with the current settings. */
  redraw() {
    const { threshold, table, colourBar } = this.controls;
    this.frame.viewer.arrange(this.comparison.panes(this.controls.layer(this.heatmap)));
    colourBar.show(this.heatmap.values, table);
    const share = (100 * this.heatmap.coverage(threshold)).toFixed(1);
    this.coverage.textContent = `Coverage: ${share} % of the ${this.heatmap.values.length} × ${this.heatmap.values[0].length} map cells exceed ${threshold.toFixed(2)}. ${this.#meaning(threshold)}`;
  }

  /** What exceeding the threshold means for the network. */
  #meaning(threshold) {
    if (!this.gates) return "This map does not gate any features. It is scaled to the range 0 to 1 for this image.";
    if (threshold === this.theta) return "In these cells the map value α multiplies the network's features; elsewhere they are set to 0.";
    return `The network itself uses the threshold θ = ${this.theta.toFixed(2)}.`;
  }

  /** The read-out at a point of the image. */
  read(point) {
    const value = point && this.heatmap.at(point.x, point.y);
    this.controls.colourBar.mark(value ?? null);
    if (!point) return null;
    const position = element("span", {}, `x ${Math.floor(point.x)}, y ${Math.floor(point.y)}`);
    if (value === null) return [position, element("span", { class: "faint" }, "outside the network's input")];
    const isAbove = value > this.controls.threshold;
    return [position, element("strong", {}, `α ${value.toFixed(3)}`),
      element("span", { class: "faint" }, isAbove ? "above the threshold" : "not above the threshold")];
  }
}

const GATING = "attention";
const METHODS = { attention: "Attention map", lambda_attention: "Lambda attention map" };

// What is measured of a running evaluation: scores and curves as they come.
import { evaluations } from "../api/evaluations.js";
import { Chart } from "./chart.js";
import { choice } from "./choice.js";
import { element } from "./element.js";
import { legend, pidChart, rowsOf } from "./pid_chart.js";
import { scoreTable } from "./score_table.js";
import { curvesOf } from "./sequence_view.js";

const PAUSE_MS = 1000; // between two looks, at least

/** Charts and a table that grow. `onfirst` is told once there is something to show in `node`. */
export class PartialView {
  constructor(id, { onfirst }) {
    Object.assign(this, { id, onfirst, methods: {}, size: null, stage: null, askedAt: -Infinity, asking: null, isOpen: true });
    this.scores = element("div", { class: "columns" });
    this.sizes = element("div", { class: "row" });
    this.chart = new Chart({ label: "Insertion and deletion curves so far", xLabel: "share of patches", yLabel: "p(target)" });
    this.legend = element("div");
    this.node = element("div", { class: "partial stack" }, this.scores,
      element("section", { class: "card" }, element("h2", {}, "Curves so far"), this.sizes, this.chart.node, this.legend,
        element("p", { class: "hint" }, "Solid: inserted. Dashed: deleted.")));
  }

  /** Look at what is measured whenever another stage has begun. */
  async follow({ progress: { stage } }) {
    if (!this.isOpen || this.asking || stage === this.stage || performance.now() - this.askedAt < PAUSE_MS) return;
    Object.assign(this, { stage, askedAt: performance.now(), asking: new AbortController() });
    try {
      const { methods } = await evaluations.partial(this.id, this.asking.signal);
      if (this.isOpen) this.#show(methods);
    } catch {
      // whoever watches the job is told that it has ended or that the service is away
    } finally {
      this.asking = null;
    }
  }

  /** Look no more, and forget what is being asked for. */
  close() {
    this.isOpen = false;
    this.asking?.abort();
  }

  /** Look again. */
  open() {
    this.isOpen = true;
  }

  #show(methods) {
    const before = count(this.methods);
    if (!count(methods) || count(methods) === before) return; // another worker may have begun anew
    this.methods = methods;
    if (!before) this.onfirst();
    const rows = rowsOf(methods);
    this.scores.replaceChildren(
      element("section", { class: "card" }, element("h2", {}, "PID so far"), pidChart(rows)),
      element("section", { class: "card" }, element("h2", {}, "Scores so far"), scoreTable(methods)));
    this.#offer([...new Set(rows.map((row) => row.patch_size))].sort((a, b) => a - b));
    this.#draw();
  }

  /** Offer the patch sizes of which there is a score; the first one is shown until another is chosen. */
  #offer(sizes) {
    if (sizes.length === this.sizes.querySelectorAll("input").length) return;
    this.size ??= sizes[0];
    this.sizes.replaceChildren(choice("Patch size", sizes.map((m) => [String(m), `m = ${m}`]), String(this.size), (m) => {
      this.size = Number(m);
      this.#draw();
    }));
  }

  #draw() {
    const shown = Object.entries(this.methods).flatMap(([name, { scores }]) =>
      scores.filter((score) => score.patch_size === this.size).map((score) => [name, score]));
    this.chart.show({ lines: shown.flatMap(([name, score]) => curvesOf(name, score, false)), xRange: [0, 1], yRange: [0, 1] });
    this.legend.replaceChildren(legend(shown.map(([name]) => name)));
  }
}

function count(methods) {
  return Object.values(methods).reduce((sum, { scores }) => sum + scores.length, 0);
}

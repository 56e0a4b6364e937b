// What is measured of a running evaluation: scores and curves as they come.
import { evaluations } from "../api/evaluations.js";
import { Chart } from "./chart.js";
import { choice } from "./choice.js";
import { element } from "./element.js";
import { methodName } from "./methods.js";
import { legend, pidChart, rowsOf } from "./pid_chart.js";
import { scoreTable } from "./score_table.js";
import { curvesOf } from "./sequence_view.js";

const LINES = "Solid: inserted. Dashed: deleted.";
const PAUSE_MS = 2000; // between two looks

/** Charts and a table that grow. `onfirst` is told once there is something to show in `node`. */
export class PartialView {
  constructor(id, { onfirst }) {
    Object.assign(this, { id, onfirst, methods: {}, growing: null, size: null, isChosen: false, askedAt: -Infinity, asking: null, isOpen: true });
    this.scores = element("div", { class: "columns" });
    this.sizes = element("div", { class: "row" });
    this.chart = new Chart({ label: "Insertion and deletion curves so far", xLabel: "share of patches", yLabel: "p(target)" });
    this.legend = element("div");
    this.node = element("div", { class: "partial stack" }, this.scores,
      element("section", { class: "card" }, element("h2", {}, "Curves so far"), this.sizes, this.chart.node, this.legend,
        this.words = element("p", { class: "hint" }, LINES)));
  }

  /** Look at what is measured, now and then. */
  async follow({ status }) {
    if (!this.isOpen || this.asking || status !== "running" || performance.now() - this.askedAt < PAUSE_MS) return;
    Object.assign(this, { askedAt: performance.now(), asking: new AbortController() });
    try {
      const { methods, growing } = await evaluations.partial(this.id, this.asking.signal);
      if (this.isOpen) this.#show(methods, growing);
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

  #show(methods, growing) {
    const [before, now] = [count(this.methods), count(methods)];
    if (!now && !growing) return; // another worker may have begun anew
    const isFirst = !before && !this.growing;
    Object.assign(this, { methods: now ? methods : this.methods, growing });
    if (isFirst) this.onfirst();
    const rows = rowsOf(this.methods);
    if (now !== before && now) {
      this.scores.replaceChildren(
        element("section", { class: "card" }, element("h2", {}, "PID so far"), pidChart(rows)),
        element("section", { class: "card" }, element("h2", {}, "Scores so far"), scoreTable(methods)));
    }
    this.#offer([...new Set([...rows, ...(growing ? [growing] : [])].map((row) => row.patch_size))].sort((a, b) => a - b));
    this.#draw();
  }

  /** Offer the patch sizes of which there is something; what is measured now is shown until another is chosen. */
  #offer(sizes) {
    const before = this.size;
    if (!this.isChosen && this.growing) this.size = this.growing.patch_size;
    this.size ??= sizes[0];
    if (sizes.length === this.sizes.querySelectorAll("input").length && before === this.size) return;
    this.sizes.replaceChildren(choice("Patch size", sizes.map((m) => [String(m), `m = ${m}`]), String(this.size), (m) => {
      Object.assign(this, { size: Number(m), isChosen: true });
      this.#draw();
    }));
  }

  #draw() {
    const scored = Object.entries(this.methods).flatMap(([name, { scores }]) => scores.map((score) => [name, score]));
    const shown = [...scored, ...(this.growing ? [[this.growing.method, this.growing]] : [])].filter(([, one]) => one.patch_size === this.size);
    this.chart.show({ lines: shown.flatMap(([name, one]) => curvesOf(name, one, one === this.growing)), xRange: [0, 1], yRange: [0, 1] });
    this.legend.replaceChildren(legend([...new Set(shown.map(([name]) => name))]));
    this.words.textContent = this.growing ? `Now being measured: ${methodName(this.growing.method)} at m = ${this.growing.patch_size}. ${LINES}` : LINES;
  }
}

function count(methods) {
  return Object.values(methods).reduce((sum, { scores }) => sum + scores.length, 0);
}

// Partial results of a running evaluation: scores and curves, updated while they are measured.
import { evaluations } from "../api/evaluations.js";
import { Chart } from "./chart.js";
import { choice } from "./choice.js";
import { element } from "./element.js";
import { methodName } from "./methods.js";
import { legend, pidChart, rowsOf } from "./pid_chart.js";
import { scoreTable } from "./score_table.js";
import { curvesOf } from "./sequence_view.js";

const LINES = "Solid: insertion. Dashed: deletion.";
const PAUSE_MS = 2000; // at least, between two requests

/** Charts and a table of partial results. `onfirst` is called once `node` has something to show. */
export class PartialView {
  constructor(id, { onfirst }) {
    Object.assign(this, { id, onfirst, methods: {}, current: null, size: null, isSizeChosen: false, requestedAt: -Infinity, request: null, isOpen: true });
    this.scores = element("div", { class: "columns" });
    this.sizes = element("div", { class: "row" });
    this.chart = new Chart({ label: "Insertion and deletion curves so far", xLabel: "share of patches", yLabel: "probability of the target" });
    this.legend = element("div");
    this.node = element("div", { class: "partial stack" }, this.scores,
      element("section", { class: "card" }, element("h2", {}, "Curves so far"), this.sizes, this.chart.node, this.legend,
        this.text = element("p", { class: "hint" }, LINES)));
  }

  /** Request the partial results of a running job, at most every PAUSE_MS. */
  async follow({ status }) {
    if (!this.isOpen || this.request || status !== "running" || performance.now() - this.requestedAt < PAUSE_MS) return;
    Object.assign(this, { requestedAt: performance.now(), request: new AbortController() });
    try {
      const { methods, growing } = await evaluations.partial(this.id, this.request.signal);
      if (this.isOpen) this.#show(methods, growing);
    } catch {
      // the page reports an ended job or an absent service
    } finally {
      this.request = null;
    }
  }

  /** Stop requesting, and abort the current request. */
  close() {
    this.isOpen = false;
    this.request?.abort();
  }

  /** Allow requests again. */
  open() {
    this.isOpen = true;
  }

  #show(methods, current) {
    const [before, now] = [count(this.methods), count(methods)];
    if (!now && !current) return; // another worker may have started the job again
    const isFirst = !before && !this.current;
    Object.assign(this, { methods: now ? methods : this.methods, current });
    if (isFirst) this.onfirst();
    const rows = rowsOf(this.methods);
    if (now !== before && now) {
      this.scores.replaceChildren(
        element("section", { class: "card" }, element("h2", {}, "PID so far"), pidChart(rows)),
        element("section", { class: "card" }, element("h2", {}, "Scores so far"), scoreTable(methods)));
    }
    this.#offerSizes([...new Set([...rows, ...(current ? [current] : [])].map((row) => row.patch_size))].sort((a, b) => a - b));
    this.#draw();
  }

  /** Offer the patch sizes with results; until the user chooses one, show the one being measured. */
  #offerSizes(sizes) {
    const before = this.size;
    if (!this.isSizeChosen && this.current) this.size = this.current.patch_size;
    this.size ??= sizes[0];
    if (sizes.length === this.sizes.querySelectorAll("input").length && before === this.size) return;
    this.sizes.replaceChildren(choice("Patch size", sizes.map((m) => [String(m), `${m} px`]), String(this.size), (m) => {
      Object.assign(this, { size: Number(m), isSizeChosen: true });
      this.#draw();
    }));
  }

  #draw() {
    const scored = Object.entries(this.methods).flatMap(([name, { scores }]) => scores.map((score) => [name, score]));
    const shown = [...scored, ...(this.current ? [[this.current.method, this.current]] : [])].filter(([, one]) => one.patch_size === this.size);
    this.chart.show({ lines: shown.flatMap(([name, one]) => curvesOf(name, one, one === this.current)), xRange: [0, 1], yRange: [0, 1] });
    this.legend.replaceChildren(legend([...new Set(shown.map(([name]) => name))]));
    this.text.textContent = this.current ? `Measuring ${methodName(this.current.method)} at patch size ${this.current.patch_size}. ${LINES}` : LINES;
  }
}

function count(methods) {
  return Object.values(methods).reduce((sum, { scores }) => sum + scores.length, 0);
}

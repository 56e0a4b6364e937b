// The estimated run time of an evaluation.
import { askJson } from "../api/service.js";
import { element } from "./element.js";
import { definition } from "./glossary.js";
import { duration } from "./time.js";

/** A line of text. `inferMs` is the network's time in the last prediction or null; `unit` (" per image") is appended to the amounts. */
export class Estimate {
  constructor(model, inferMs, unit = "") {
    Object.assign(this, { model, inferMs, unit });
    this.node = element("p", { class: "estimate", role: "status", title: definition("forward passes") });
    this.known = null;
  }

  /** Request measured times and the state of the queue. */
  async load() {
    const { queue, workers } = await askJson("v1/status");
    const measured = queue?.forward_s[this.model.version] ?? null; // batches are faster than single predictions
    const predicted = this.inferMs === null ? null : this.inferMs / 1000;
    this.known = { seconds: measured ?? predicted, by: measured === null ? "your last prediction" : "earlier evaluations",
      waiting: Object.values(queue?.depths ?? {}).reduce((sum, depth) => sum + depth, 0), workers: workers.length };
  }

  /** Show the estimate for a form, or what is missing in it; `first` is another step the user has to take before. */
  show(form, first = "") {
    const { missing } = form;
    this.node.classList.toggle("bad", missing !== "");
    this.node.replaceChildren(...(missing ? [missing] : [first && element("strong", {}, first, " "), ...this.#text(form.forwards)]));
  }

  #text(forwards) {
    const count = `${forwards.toLocaleString("en")} forward passes${this.unit}`;
    if (!this.known) return [`At most ${count}.`];
    const { seconds, by, waiting, workers } = this.known;
    const time = seconds === null
      ? [`At most ${count}. A time estimate is available after the first prediction or evaluation.`]
      : [element("strong", {}, `About ${duration(forwards * seconds)}${this.unit}`), `: ${forwards.toLocaleString("en")} forward passes at ${Math.ceil(1000 * seconds)} ms each, as measured in ${by}.`];
    const queue = workers === 0 ? " No worker is running: the job will wait until one starts." : waiting ? ` ${waiting} ${waiting === 1 ? "job is" : "jobs are"} ahead in the queue.` : "";
    return [...time, queue];
  }
}

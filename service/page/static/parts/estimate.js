// How long an evaluation will take, and how that is known.
import { duration } from "../api/cost.js";
import { askJson } from "../api/service.js";
import { session } from "../session.js";
import { element } from "./element.js";

/** A line that says how long a form's request will take; `each` tells of what, where that is not the whole. */
export class Estimate {
  constructor(model, each = "") {
    Object.assign(this, { model, each });
    this.node = element("p", { class: "estimate", role: "status" });
    this.known = null;
  }

  /** Look at what was timed before, and at who waits. */
  async look() {
    const { queue, workers } = await askJson("v1/status");
    const measured = queue?.forward_s[this.model.version] ?? null; // batches are faster than single predictions
    const predicted = session.inferMs === null ? null : session.inferMs / 1000;
    this.known = { seconds: measured ?? predicted, by: measured === null ? "your last prediction" : "earlier evaluations",
      waiting: Object.values(queue?.depths ?? {}).reduce((sum, depth) => sum + depth, 0), workers: workers.length };
  }

  /** Say it for a form, or what is missing there; `first` is what else has to be done before. */
  say(form, first = "") {
    const { missing } = form;
    this.node.classList.toggle("bad", missing !== "");
    this.node.replaceChildren(...(missing ? [missing] : [first && element("strong", {}, first, " "), ...this.#words(form.forwards)]));
  }

  #words(forwards) {
    const count = `${forwards.toLocaleString("en")} forwards${this.each}`;
    if (!this.known) return [`At most ${count}.`];
    const { seconds, by, waiting, workers } = this.known;
    const time = seconds === null
      ? [`At most ${count}; how long one takes here is known after a first prediction or evaluation.`]
      : [element("strong", {}, `About ${duration(forwards * seconds)}${this.each}`), ` for ${forwards.toLocaleString("en")} forwards, at ${Math.ceil(1000 * seconds)} ms each as in ${by}.`];
    const queue = workers === 0 ? " No worker is there now: it will wait for one." : waiting ? ` ${waiting} ${waiting === 1 ? "job waits" : "jobs wait"} before it.` : "";
    return [...time, queue];
  }
}

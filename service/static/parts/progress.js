// How far a job is.
import { duration } from "../api/cost.js";
import { element } from "./element.js";

/** A bar with the stage and the time that is left. */
export class Progress {
  constructor() {
    this.bar = element("progress", { "aria-label": "Progress" });
    this.words = element("p", { class: "hint" });
    this.node = element("div", { class: "progress" }, this.bar, this.words);
  }

  /** Show {stage, done, total, eta_s}. */
  show({ stage, done, total, eta_s: left }, unit) {
    if (total > 0) {
      this.bar.max = total;
      this.bar.value = done;
    } else this.bar.removeAttribute("value");
    const count = total > 0 ? ` · ${done.toLocaleString("en")} of at most ${total.toLocaleString("en")} ${unit}` : "";
    this.words.textContent = `${stage[0].toUpperCase()}${stage.slice(1)}${count}${left === null ? "" : ` · about ${duration(left)} left`}`;
  }
}

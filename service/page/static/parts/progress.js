// How far a job is.
import { duration } from "../api/cost.js";
import { element } from "./element.js";
import { stageName } from "./methods.js";

/** A bar with the stage and the time that is left. */
export class Progress {
  constructor() {
    this.bar = element("progress", { "aria-label": "Progress" });
    this.words = element("p", { class: "hint" });
    this.node = element("div", { class: "progress" }, this.bar, this.words);
  }

  /** Show {stage, done, total, eta_s}; `bound` says that the total may turn out lower. */
  show({ stage, done, total, eta_s: left }, unit, bound = "at most ") {
    if (total > 0) {
      this.bar.max = total;
      this.bar.value = done;
    } else this.bar.removeAttribute("value");
    const count = total > 0 ? ` · ${done.toLocaleString("en")} of ${bound}${total.toLocaleString("en")} ${unit}` : "";
    this.words.textContent = `${stageName(stage)}${count}${left === null ? "" : ` · about ${duration(left)} left`}`;
  }
}

/** The share of a running job that is done, for a tab's title; null where it is not known. */
export function shareDone({ status, progress: { done, total } }) {
  return status === "running" && total > 0 ? `${Math.floor((100 * done) / total)} %` : null;
}

// Progress of a job.
import { element } from "./element.js";
import { stageName } from "./methods.js";
import { duration } from "./time.js";

/** A progress bar with the current stage and the remaining time. */
export class Progress {
  constructor() {
    this.bar = element("progress", { "aria-label": "Progress" });
    this.text = element("p", { class: "hint" });
    this.node = element("div", { class: "progress" }, this.bar, this.text);
  }

  /** Show {stage, done, total, eta_s}; `bound` is the qualifier of a total that is an upper limit. */
  show({ stage, done, total, eta_s: left }, unit, bound = "at most ") {
    if (total > 0) {
      this.bar.max = total;
      this.bar.value = done;
    } else this.bar.removeAttribute("value");
    const count = total > 0 ? ` · ${done.toLocaleString("en")} of ${bound}${total.toLocaleString("en")} ${unit}` : "";
    this.text.textContent = `${stageName(stage)}${count}${left === null ? "" : ` · about ${duration(left)} remaining`}`;
  }
}

/** The completed share of a running job for the tab's title, null if unknown. */
export function shareDone({ status, progress: { done, total } }) {
  return status === "running" && total > 0 ? `${Math.floor((100 * done) / total)} %` : null;
}

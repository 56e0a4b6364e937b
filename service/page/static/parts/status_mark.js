// The status of a job as a coloured word.
import { element } from "./element.js";

const SIGNS = { queued: "◌", running: "◐", succeeded: "●", failed: "✕", cancelled: "–" };

/** A mark for a job's status; `text` replaces the status word. */
export function statusMark(status, text = status) {
  return element("span", { class: `mark ${status}` }, element("span", { "aria-hidden": "true" }, SIGNS[status] ?? "?"), ` ${text}`);
}

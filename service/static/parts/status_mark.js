// Where a job stands, as a word with a colour.
import { element } from "./element.js";

const SIGNS = { queued: "◌", running: "◐", succeeded: "●", failed: "✕", cancelled: "–" };

/** A mark for a status of the API. */
export function statusMark(status) {
  return element("span", { class: `mark ${status}` }, element("span", { "aria-hidden": "true" }, SIGNS[status] ?? "?"), ` ${status}`);
}

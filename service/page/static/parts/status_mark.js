// Where a job stands, as a word with a colour.
import { element } from "./element.js";

const SIGNS = { queued: "◌", running: "◐", succeeded: "●", failed: "✕", cancelled: "–" };

/** A mark for a status of the API, in other words where those say more. */
export function statusMark(status, words = status) {
  return element("span", { class: `mark ${status}` }, element("span", { "aria-hidden": "true" }, SIGNS[status] ?? "?"), ` ${words}`);
}

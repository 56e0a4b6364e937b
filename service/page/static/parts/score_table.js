// The table of an evaluation's scores.
import { element } from "./element.js";
import { headings } from "./glossary.js";
import { methodName, seriesClass } from "./methods.js";

const COLUMNS = [["PID", "pid"], ["insertion", "insertion"], ["deletion", "deletion"], ["± estimate", "error_estimate"], ["tied", "tied_fraction"]];

/** A table with one row per method and patch size; the best PID per size is bold. */
export function scoreTable(methods) {
  const rows = Object.entries(methods).flatMap(([method, { scores }]) => scores.map((score) => ({ method, ...score })));
  const best = new Map();
  for (const { patch_size: m, pid } of rows) best.set(m, Math.max(best.get(m) ?? -Infinity, pid));
  return element("div", { class: "scroll" }, element("table", {},
    element("thead", {}, element("tr", {}, headings(["method", "patch size", ...COLUMNS.map(([title]) => title), "forward passes"]))),
    element("tbody", {}, rows.map((row) => element("tr", { class: row.pid === best.get(row.patch_size) ? "best" : null },
      element("th", { scope: "row", class: seriesClass(row.method) }, methodName(row.method)),
      element("td", {}, String(row.patch_size)),
      COLUMNS.map(([, name]) => element("td", {}, row[name] === null ? "–" : signed(row[name], name === "pid"))),
      element("td", {}, row.forwards.toLocaleString("en")))))));
}

/** A number with three decimals and, unless `isSigned` is false, a plus sign if positive. */
export function signed(value, isSigned = true) {
  return `${isSigned && value > 0 ? "+" : ""}${value.toFixed(3)}`.replace("-", "−");
}

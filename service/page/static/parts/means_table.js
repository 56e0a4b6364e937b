// Means of a set, laid out like Table 2 of the paper: one row per method, one column per patch size.
import { element } from "./element.js";
import { headings } from "./glossary.js";
import { methodName, seriesClass } from "./methods.js";
import { signed } from "./score_table.js";

const ALPHA = 0.05; // significance level

/** A table of rows {method, patch_size, pid, low, high}; low and high are null for a single image. The best PID per size is bold. */
export function meansTable(rows) {
  const sizes = [...new Set(rows.map((row) => row.patch_size))].sort((a, b) => a - b);
  const methods = [...new Set(rows.map((row) => row.method))];
  const find = (method, m) => rows.find((row) => row.method === method && row.patch_size === m);
  const best = Object.fromEntries(sizes.map((m) => [m, Math.max(...rows.filter((row) => row.patch_size === m).map((row) => row.pid))]));
  const cell = (row, m) => element("td", { class: row?.pid === best[m] ? "best" : null }, row ? signed(row.pid) : "–",
    row && element("small", {}, interval(row)));
  return element("div", { class: "scroll" }, element("table", { class: "means" },
    element("thead", {}, element("tr", {}, headings(["PID"]), sizes.map((m) => element("th", { scope: "col" }, `patch size ${m}`)))),
    element("tbody", {}, methods.map((method) => element("tr", {}, element("th", { scope: "row", class: seriesClass(method) }, methodName(method)),
      sizes.map((m) => cell(find(method, m), m)))))));
}

/** A table of paired differences between methods; significant ones are bold. */
export function differencesTable(rows) {
  return element("div", { class: "scroll" }, element("table", {},
    element("thead", {}, element("tr", {}, headings(["difference", "patch size", "mean", "95 % interval", "p (Holm)"]))),
    element("tbody", {}, rows.map((row) => element("tr", { class: row.p_holm < ALPHA ? "best" : null },
      element("th", { scope: "row" }, `${methodName(row.first)} − ${methodName(row.second)}`), element("td", {}, String(row.patch_size)),
      element("td", {}, signed(row.difference)), element("td", {}, interval(row)), element("td", {}, row.p_holm.toFixed(3)))))));
}

/** The confidence interval of a row; a single image has none. */
function interval({ low, high }) {
  return low === null ? "–" : `${signed(low)} to ${signed(high)}`;
}

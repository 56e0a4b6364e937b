// The means of a set in the layout of the paper's Table 2: a method a row, a patch size a column.
import { element } from "./element.js";
import { methodName, seriesClass } from "./methods.js";
import { signed } from "./score_table.js";

/** A table of rows {method, patch_size, pid, low, high}, the last two null of one image; the best of each size is bold. */
export function meansTable(rows) {
  const sizes = [...new Set(rows.map((row) => row.patch_size))].sort((a, b) => a - b);
  const methods = [...new Set(rows.map((row) => row.method))];
  const find = (method, m) => rows.find((row) => row.method === method && row.patch_size === m);
  const best = Object.fromEntries(sizes.map((m) => [m, Math.max(...rows.filter((row) => row.patch_size === m).map((row) => row.pid))]));
  const cell = (row, m) => element("td", { class: row?.pid === best[m] ? "best" : null }, row ? signed(row.pid) : "–",
    row && element("small", {}, interval(row)));
  return element("div", { class: "scroll" }, element("table", { class: "means" },
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "PID"), sizes.map((m) => element("th", { scope: "col" }, `m = ${m}`)))),
    element("tbody", {}, methods.map((method) => element("tr", {}, element("th", { scope: "row", class: seriesClass(method) }, methodName(method)),
      sizes.map((m) => cell(find(method, m), m)))))));
}

/** Paired differences between methods, those that are certain in bold. */
export function differencesTable(rows) {
  const sure = 0.05;
  return element("div", { class: "scroll" }, element("table", {},
    element("thead", {}, element("tr", {}, ["difference", "m", "mean", "95 % interval", "p (Holm)"].map((title) => element("th", { scope: "col" }, title)))),
    element("tbody", {}, rows.map((row) => element("tr", { class: row.p_holm < sure ? "best" : null },
      element("th", { scope: "row" }, `${methodName(row.first)} − ${methodName(row.second)}`), element("td", {}, String(row.patch_size)),
      element("td", {}, signed(row.difference)), element("td", {}, interval(row)), element("td", {}, row.p_holm.toFixed(3)))))));
}

/** The ends of a row's interval; one image has none. */
function interval({ low, high }) {
  return low === null ? "–" : `${signed(low)} to ${signed(high)}`;
}

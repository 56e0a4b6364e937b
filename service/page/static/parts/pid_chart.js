// The chart of PID against patch size: one line per method, with confidence intervals or the random band.
import { Chart } from "./chart.js";
import { element } from "./element.js";
import { definition } from "./glossary.js";
import { methodName, seriesClass } from "./methods.js";

const SPREAD = 0.32; // of the distance between two sizes: over this the methods' points are spread
const PADDING = 0.1; // of the range of y

/** A chart with a legend for rows {method, patch_size, pid, low, high, band_low, band_high}; the last four may be null. */
export function pidChart(rows) {
  const sizes = [...new Set(rows.map((row) => row.patch_size))].sort((a, b) => a - b);
  const methods = [...new Set(rows.map((row) => row.method))];
  const chart = new Chart({ label: `PID by patch size: ${rows.map(rowText).join("; ")}`, xLabel: "patch size in pixels", yLabel: "PID" });
  const shift = (index) => (methods.length > 1 ? (index / (methods.length - 1) - 0.5) * SPREAD : 0);
  const lines = methods.map((method, index) => {
    const own = sizes.map((m) => rows.find((row) => row.method === method && row.patch_size === m)).filter(Boolean);
    const hasInterval = own.every((row) => row.low !== null && row.low !== undefined);
    return { name: methodName(method), className: seriesClass(method), dots: true, x: own.map((row) => sizes.indexOf(row.patch_size) + shift(index)),
      y: own.map((row) => row.pid), low: hasInterval ? own.map((row) => row.low) : null, high: hasInterval ? own.map((row) => row.high) : null };
  });
  const bands = sizes.flatMap((m, index) => {
    const row = rows.find((one) => one.patch_size === m && one.band_low !== null && one.band_low !== undefined);
    return row ? [{ x0: index - 1.5 * SPREAD, x1: index + 1.5 * SPREAD, low: row.band_low, high: row.band_high }] : [];
  });
  const all = rows.flatMap((row) => [row.pid, row.low ?? 0, row.high ?? 0, row.band_low ?? 0, row.band_high ?? 0]);
  chart.show({ lines, bands, xRange: [-0.6, sizes.length - 0.4], yRange: paddedRange(Math.min(...all), Math.max(...all)), xTicks: sizes.map((m, index) => [index, String(m)]) });
  return element("div", {}, chart.node, legend(methods, bands.length > 0));
}

/** Chart and table rows from the methods of a result. */
export function rowsOf(methods) {
  return Object.entries(methods).flatMap(([method, { scores }]) => scores.map((score) =>
    ({ method, ...score, band_low: score.random_band?.[0] ?? null, band_high: score.random_band?.[1] ?? null })));
}

/** The legend: method names beside their colours. */
export function legend(methods, hasBand = false) {
  return element("ul", { class: "series" }, methods.map((method) => element("li", { class: seriesClass(method) }, methodName(method))),
    hasBand && element("li", { class: "of-band", title: definition("random band") }, "random band (95 % of random orders)"));
}

function paddedRange(low, high) {
  const padding = Math.max(PADDING * (high - low), 0.05);
  const [floor, ceiling] = [low < 0 ? low - padding : 0, high + padding].map((value) => Math.round(value * 20) / 20);
  return [Math.min(floor, 0), Math.max(ceiling, 0.1)];
}

function rowText({ method, patch_size: m, pid }) {
  return `${methodName(method)}, patch size ${m}: ${pid.toFixed(3)}`;
}

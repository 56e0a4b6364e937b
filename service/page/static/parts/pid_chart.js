// PID over the patch size: a line a method, intervals or what random orders score behind it.
import { Chart } from "./chart.js";
import { element } from "./element.js";
import { methodName, seriesClass } from "./methods.js";

const HALF = 0.32; // of the space between two sizes, for the band of random orders
const AIR = 0.1;

/** A chart with its legend for rows {method, patch_size, pid, low, high, band_low, band_high}; the last four may be null. */
export function pidChart(rows) {
  const sizes = [...new Set(rows.map((row) => row.patch_size))].sort((a, b) => a - b);
  const methods = [...new Set(rows.map((row) => row.method))];
  const chart = new Chart({ label: `PID over the patch size: ${rows.map(said).join("; ")}`, xLabel: "patch size m in pixels", yLabel: "PID" });
  const shift = (index) => (methods.length > 1 ? (index / (methods.length - 1) - 0.5) * HALF : 0);
  const lines = methods.map((method, index) => {
    const own = sizes.map((m) => rows.find((row) => row.method === method && row.patch_size === m)).filter(Boolean);
    const isWide = own.every((row) => row.low !== null && row.low !== undefined);
    return { name: methodName(method), className: seriesClass(method), dots: true, x: own.map((row) => sizes.indexOf(row.patch_size) + shift(index)),
      y: own.map((row) => row.pid), low: isWide ? own.map((row) => row.low) : null, high: isWide ? own.map((row) => row.high) : null };
  });
  const bands = sizes.flatMap((m, index) => {
    const row = rows.find((one) => one.patch_size === m && one.band_low !== null && one.band_low !== undefined);
    return row ? [{ x0: index - 1.5 * HALF, x1: index + 1.5 * HALF, low: row.band_low, high: row.band_high }] : [];
  });
  const all = rows.flatMap((row) => [row.pid, row.low ?? 0, row.high ?? 0, row.band_low ?? 0, row.band_high ?? 0]);
  chart.show({ lines, bands, xRange: [-0.6, sizes.length - 0.4], yRange: roomFor(Math.min(...all), Math.max(...all)), xTicks: sizes.map((m, index) => [index, String(m)]) });
  return element("div", {}, chart.node, legend(methods, bands.length > 0));
}

/** The rows of an evaluation's methods, as the result has them. */
export function rowsOf(methods) {
  return Object.entries(methods).flatMap(([method, { scores }]) => scores.map((score) =>
    ({ method, ...score, band_low: score.random_band?.[0] ?? null, band_high: score.random_band?.[1] ?? null })));
}

/** Names beside their colours. */
export function legend(methods, hasBand = false) {
  return element("ul", { class: "series" }, methods.map((method) => element("li", { class: seriesClass(method) }, methodName(method))),
    hasBand && element("li", { class: "of-band" }, "95 % of random orders"));
}

function roomFor(low, high) {
  const air = Math.max(AIR * (high - low), 0.05);
  const [floor, ceiling] = [low < 0 ? low - air : 0, high + air].map((value) => Math.round(value * 20) / 20);
  return [Math.min(floor, 0), Math.max(ceiling, 0.1)];
}

function said({ method, patch_size: m, pid }) {
  return `${methodName(method)} at ${m}: ${pid.toFixed(3)}`;
}

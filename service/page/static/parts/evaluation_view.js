// The result of an evaluation to look at: scores, maps, curves, the way from blank to image.
import { evaluations } from "../api/evaluations.js";
import { blankPixels, cropOf, seenPixels } from "../picture/crop.js";
import { element } from "./element.js";
import { MapsView } from "./maps_view.js";
import { methodName } from "./methods.js";
import { notice } from "./notice.js";
import { pidChart, rowsOf } from "./pid_chart.js";
import { percent } from "./probabilities.js";
import { saveButton } from "./saving.js";
import { scoreTable, signed } from "./score_table.js";
import { SequenceView } from "./sequence_view.js";

const CHANCE = "random";
const NOTHING = 0.005; // a PID or a lead that is no more than rounding

/** All of a result. `maps` are by method; `source` is {bitmap, width, height}, or null where the image is not kept. */
export function evaluationView(state, maps, source, { theta, tables }) {
  const { result, id } = state;
  const { preprocessing } = result.provenance;
  const rows = rowsOf(result.methods);
  return [
    result.warnings.length > 0 && notice("warn", "Read the scores with care", element("ul", {}, result.warnings.map((text) => element("li", {}, text)))),
    element("div", { class: "columns" },
      element("section", { class: "card" }, element("h2", {}, `PID of each map for “${result.target.label}”`), pidChart(rows)),
      element("section", { class: "card" }, element("h2", {}, conclusion(rows)), element("p", { class: "hint" },
        `p is ${percent(result.p_full)} for the whole image and ${percent(result.p_blank)} for the blank. Protocol “${rows[0].protocol}”, blank ${rows[0].blank}. These are the scores of one image: `, element("a", { href: "#/sets" }, "a set"), " gives means with intervals."),
      scoreTable(result.methods))),
    Object.keys(maps).length > 0 && new MapsView(maps, source, { preprocessing, theta, tables }).node,
    new SequenceView(result, maps, source && shownToNetwork(source, preprocessing, rows[0].blank)).node,
    localisation(result.methods),
    element("section", { class: "card" }, element("h2", {}, "Download"),
      element("div", { class: "row" },
        file("Curves as CSV", id, "curves.csv"), file("Curves as PNG", id, "curves.png"),
        saveButton("JSON", `${id.slice(0, 8)}.json`, () => new Blob([JSON.stringify(state, null, 1)], { type: "application/json" }))),
      element("details", {}, element("summary", {}, "What it takes to do the same again"), element("pre", { tabindex: 0 }, JSON.stringify(result.provenance, null, 1)))),
  ].filter(Boolean);
}

function file(label, id, name) {
  return saveButton(label, `${id.slice(0, 8)}.${name}`, () => evaluations.part(id, name));
}

/** The method that scores highest at the largest patch size, in a sentence that claims no more than was measured. */
function conclusion(rows) {
  const largest = Math.max(...rows.map((row) => row.patch_size));
  const [best, next] = rows.filter((row) => row.patch_size === largest).sort((a, b) => b.pid - a.pid);
  if (best.pid <= Math.max(NOTHING, best.error_estimate ?? 0)) return `At m = ${largest} no map tells what the network goes by: PID at most ${signed(best.pid)}`;
  if (best.method === CHANCE) return `At m = ${largest} no map scores over a random one`;
  if (best.band_high !== null && best.pid <= best.band_high) return `At m = ${largest} no map scores over what random orders do`;
  const unsure = Math.max(NOTHING, (best.error_estimate ?? 0) + (next?.error_estimate ?? 0));
  if (next && best.pid - next.pid <= unsure) return `${methodName(best.method)} and ${methodName(next.method)} tell about as much at m = ${largest}: PID ${signed(best.pid)} and ${signed(next.pid)}`;
  const lead = next ? `, ${signed(best.pid - next.pid)} before ${methodName(next.method)}` : "";
  return `${methodName(best.method)} tells most at m = ${largest}: PID ${signed(best.pid)}${lead}`;
}

function shownToNetwork({ bitmap, width, height }, preprocessing, blank) {
  const scale = bitmap.width / width;
  const crop = cropOf(preprocessing, width, height);
  const region = Object.fromEntries(Object.entries(crop).map(([name, value]) => [name, value * scale]));
  const pixels = seenPixels(bitmap, region, preprocessing);
  return { pixels, blank: blankPixels(blank, pixels, preprocessing) };
}

function localisation(methods) {
  const found = Object.entries(methods).filter(([, method]) => method.localisation);
  if (!found.length) return null;
  const names = Object.keys(found[0][1].localisation);
  const cell = (value) => (typeof value === "number" ? value.toFixed(3) : value === true ? "hit" : value === false ? "miss" : "–");
  return element("section", { class: "card" }, element("h2", {}, "How well each map points at the mask"),
    element("p", { class: "hint" }, "A map that knows nothing scores the mask’s share of the pixels, and hits it with the pointing chance."),
    element("div", { class: "scroll" }, element("table", {},
      element("thead", {}, element("tr", {}, ["method", ...names].map((name) => element("th", { scope: "col" }, name.replaceAll("_", " "))))),
      element("tbody", {}, found.map(([method, { localisation: values }]) => element("tr", {}, element("th", { scope: "row" }, methodName(method)),
        names.map((name) => element("td", {}, cell(values[name])))))))));
}

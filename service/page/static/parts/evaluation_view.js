// The result of an evaluation: scores, maps, curves, and the perturbed images.
import { evaluations } from "../api/evaluations.js";
import { blankPixels, cropOf, seenPixels } from "../picture/crop.js";
import { element } from "./element.js";
import { glossary } from "./glossary.js";
import { MapsView } from "./maps_view.js";
import { methodName } from "./methods.js";
import { notice } from "./notice.js";
import { pidChart, rowsOf } from "./pid_chart.js";
import { percent } from "./probabilities.js";
import { saveButton } from "./save_button.js";
import { scoreTable, signed } from "./score_table.js";
import { SequenceView } from "./sequence_view.js";

const CHANCE = "random";
const NEGLIGIBLE = 0.005; // a PID or a difference this small is rounding

/** The sections of a result. `maps` are by method; `source` is {bitmap, width, height}, or null if the image is no longer stored. */
export function evaluationView(state, maps, source, { theta, tables }) {
  const { result, id } = state;
  const { preprocessing } = result.provenance;
  const rows = rowsOf(result.methods);
  return [
    result.warnings.length > 0 && notice("warn", "Interpret the scores with care", element("ul", {}, result.warnings.map((text) => element("li", {}, text)))),
    element("div", { class: "columns" },
      element("section", { class: "card" }, element("h2", {}, `PID of each map for the class “${result.target.label}”`), pidChart(rows)),
      element("section", { class: "card" }, element("h2", {}, conclusion(rows)), element("p", { class: "hint" },
        `The probability of this class is ${percent(result.p_full)} for the image and ${percent(result.p_blank)} for the blank. Protocol “${rows[0].protocol}”, blank “${rows[0].blank}”. These scores are for one image; evaluate `, element("a", { href: "#/sets" }, "a set"), " for means with confidence intervals."),
      scoreTable(result.methods), glossary("PID", "patch size", "insertion", "deletion", "± estimate", "tied", "forward passes", "random band", "blank", "protocol"))),
    Object.keys(maps).length > 0 && new MapsView(maps, source, { preprocessing, theta, tables }).node,
    new SequenceView(result, maps, source && networkInput(source, preprocessing, rows[0].blank)).node,
    localisation(result.methods),
    element("section", { class: "card" }, element("h2", {}, "Download"),
      element("div", { class: "row" },
        file("Curves as CSV", id, "curves.csv"), file("Curves as PNG", id, "curves.png"),
        saveButton("JSON", `${id.slice(0, 8)}.json`, () => new Blob([JSON.stringify(state, null, 1)], { type: "application/json" }))),
      element("details", {}, element("summary", {}, "Provenance: settings and versions to reproduce this result"), element("pre", { tabindex: 0 }, JSON.stringify(result.provenance, null, 1)))),
  ].filter(Boolean);
}

function file(label, id, name) {
  return saveButton(label, `${id.slice(0, 8)}.${name}`, () => evaluations.part(id, name));
}

/** A sentence about the best method at the largest patch size that claims no more than was measured. */
function conclusion(rows) {
  const size = Math.max(...rows.map((row) => row.patch_size));
  const [best, next] = rows.filter((row) => row.patch_size === size).sort((a, b) => b.pid - a.pid);
  if (best.pid <= Math.max(NEGLIGIBLE, best.error_estimate ?? 0)) return `At patch size ${size}, no map marks what the network relies on: PID at most ${signed(best.pid)}`;
  if (best.method === CHANCE) return `At patch size ${size}, no map scores higher than a random one`;
  if (best.band_high !== null && best.pid <= best.band_high) return `At patch size ${size}, no map scores above the random band`;
  const uncertainty = Math.max(NEGLIGIBLE, (best.error_estimate ?? 0) + (next?.error_estimate ?? 0));
  if (next && best.pid - next.pid <= uncertainty) return `${methodName(best.method)} and ${methodName(next.method)} score about equally at patch size ${size}: PID ${signed(best.pid)} and ${signed(next.pid)}`;
  const lead = next ? `, ${signed(best.pid - next.pid)} ahead of ${methodName(next.method)}` : "";
  return `${methodName(best.method)} scores highest at patch size ${size}: PID ${signed(best.pid)}${lead}`;
}

/** The network's input and the blank as pixels of the input's size. */
function networkInput({ bitmap, width, height }, preprocessing, blank) {
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
  return element("section", { class: "card" }, element("h2", {}, "Agreement of each map with the mask"),
    element("p", { class: "hint" }, "For comparison: an uninformative map scores the mask share in energy inside and average precision, and hits the mask in the pointing game with the probability given as pointing chance."),
    element("div", { class: "scroll" }, element("table", {},
      element("thead", {}, element("tr", {}, ["method", ...names].map((name) => element("th", { scope: "col" }, name.replaceAll("_", " "))))),
      element("tbody", {}, found.map(([method, { localisation: values }]) => element("tr", {}, element("th", { scope: "row" }, methodName(method)),
        names.map((name) => element("td", {}, cell(values[name])))))))));
}

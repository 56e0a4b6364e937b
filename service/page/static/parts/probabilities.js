// Class probabilities as bars and as text.
import { element } from "./element.js";

const LONGEST_LIST = 12;

/** Bars of {label, probability} in the model's order; with many classes, only the most probable ones, sorted. */
export function probabilityBars(probabilities, predicted) {
  const many = probabilities.length > LONGEST_LIST;
  const sorted = many ? [...probabilities].sort((a, b) => b.probability - a.probability).slice(0, LONGEST_LIST) : probabilities;
  return element("ul", { class: "bars", "aria-label": "Probabilities" }, sorted.map((entry) => bar(entry, entry.label === predicted)),
    many && element("li", { class: "faint" }, `and ${probabilities.length - LONGEST_LIST} less probable classes`));
}

function bar({ label, probability }, isPredicted) {
  const fill = element("div", { class: "fill" });
  fill.style.width = `${100 * probability}%`;
  return element("li", { class: isPredicted ? "predicted" : null },
    element("span", { class: "label" }, label),
    element("span", { class: "value" }, percent(probability)),
    element("div", { class: "track", "aria-hidden": "true" }, fill));
}

/** A probability in percent, never rounded to certainty. */
export function percent(probability) {
  if (probability > 0.999 && probability < 1) return "> 99.9 %";
  if (probability < 0.001 && probability > 0) return "< 0.1 %";
  return `${(100 * probability).toFixed(1)} %`;
}

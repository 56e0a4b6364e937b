// The answer in words: class, probabilities, warnings, the model's accuracy and the timing.
import { element } from "./element.js";
import { notice } from "./notice.js";
import { percent, probabilityBars } from "./probabilities.js";

/** The card with a prediction's answer; `card` is the model card. */
export function verdict({ prediction, probabilities, warnings, model, timing_ms: timing }, card) {
  return element("section", { class: "card verdict" },
    element("p", { class: "faint" }, "Predicted class"),
    element("h2", {}, prediction.label),
    element("p", { class: "sure" }, `probability ${percent(prediction.probability)}`),
    probabilityBars(probabilities, prediction.label),
    warnings.length > 0 && notice("warn", "This answer is less reliable",
      element("ul", {}, warnings.map((text) => element("li", {}, text)))),
    accuracy(card),
    element("p", { class: "faint" }, element("a", { href: `#/models/${model.name}` }, model.name), ` ${model.version} · `,
      element("span", { title: Object.entries(timing).map(([stage, ms]) => `${stage} ${ms.toFixed(1)} ms`).join(", ") },
        `${timing.total.toFixed(0)} ms in total, ${timing.infer.toFixed(0)} ms in the network`)));
}

/** The model's accuracy on held-out images; null if its card does not state one. */
function accuracy({ evaluations = {} }) {
  const [split, found] = Object.entries(evaluations).sort(([one]) => (one === "test" ? -1 : 1))[0] ?? [];
  if (!found?.accuracy) return null;
  const { value, low, high } = found.accuracy;
  const rounded = (share) => Math.round(100 * share);
  return element("p", { class: "hint accuracy" }, `Accuracy on ${found.images} ${split} images: ${rounded(value)} % (95 % confidence interval ${rounded(low)} to ${rounded(high)} %).`);
}

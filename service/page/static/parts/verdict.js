// The answer in words: class, probabilities, warnings, and how well the model did where the answer was known.
import { element } from "./element.js";
import { notice } from "./notice.js";
import { percent, probabilityBars } from "./probabilities.js";

/** What the network says of an image; `card` is its model's. */
export function verdict({ prediction, probabilities, warnings, model, timing_ms: timing }, card) {
  return element("section", { class: "card verdict" },
    element("p", { class: "faint" }, "The network says"),
    element("h2", {}, prediction.label),
    element("p", { class: "sure" }, `with a probability of ${percent(prediction.probability)}`),
    probabilityBars(probabilities, prediction.label),
    warnings.length > 0 && notice("warn", "Trust this answer less",
      element("ul", {}, warnings.map((text) => element("li", {}, text)))),
    record(card),
    element("p", { class: "faint" }, element("a", { href: `#/models/${model.name}` }, model.name), ` ${model.version} · `,
      element("span", { title: Object.entries(timing).map(([stage, ms]) => `${stage} ${ms.toFixed(1)} ms`).join(", ") },
        `${timing.total.toFixed(0)} ms, of it ${timing.infer.toFixed(0)} ms the network`)));
}

/** How often the model was right on images that it was not trained on; nothing where its card does not say. */
function record({ evaluations = {} }) {
  const [split, found] = Object.entries(evaluations).sort(([one]) => (one === "test" ? -1 : 1))[0] ?? [];
  if (!found?.accuracy) return null;
  const { value, low, high } = found.accuracy;
  const whole = (share) => Math.round(100 * share);
  return element("p", { class: "hint record" }, `On ${found.images} ${split} images the model was right in ${whole(value)} % (95 % interval ${whole(low)} to ${whole(high)} %).`);
}

// The answer in words: class, probabilities, warnings.
import { element } from "./element.js";
import { notice } from "./notice.js";
import { percent, probabilityBars } from "./probabilities.js";

/** What the network says of an image. */
export function verdict({ prediction, probabilities, warnings, model, timing_ms: timing }) {
  return element("section", { class: "card verdict" },
    element("p", { class: "faint" }, "The network says"),
    element("h2", {}, prediction.label),
    element("p", { class: "sure" }, `with a probability of ${percent(prediction.probability)}`),
    probabilityBars(probabilities, prediction.label),
    warnings.length > 0 && notice("warn", "Trust this answer less",
      element("ul", {}, warnings.map((text) => element("li", {}, text)))),
    element("p", { class: "faint" }, element("a", { href: `#/models/${model.name}` }, model.name), ` ${model.version} · `,
      element("span", { title: Object.entries(timing).map(([stage, ms]) => `${stage} ${ms.toFixed(1)} ms`).join(", ") },
        `${timing.total.toFixed(0)} ms, of it ${timing.infer.toFixed(0)} ms the network`)));
}

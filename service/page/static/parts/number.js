// A whole number with its name.
import { element } from "./element.js";

let numbers = 0;

/** A labelled field for a whole number; `value()` reads it. */
export function number(label, { value, least = 0, most, hint = "", onchange }) {
  const id = `number-${(numbers += 1)}`;
  const input = element("input", { type: "number", id, min: least, max: most, step: 1, value, required: true, oninput: onchange });
  const node = element("div", { class: "number" }, element("label", { for: id }, label), input, hint && element("p", { class: "hint" }, hint));
  return { node, input, value: () => input.valueAsNumber };
}

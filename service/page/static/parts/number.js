// A labelled field for a whole number.
import { element } from "./element.js";

let numbers = 0;

/** A number field; `value()` returns the number, NaN if the field is empty. */
export function number(label, { value, least = 0, most, onchange }) {
  const id = `number-${(numbers += 1)}`;
  const input = element("input", { type: "number", id, min: least, max: most, step: 1, value, required: true, oninput: onchange });
  const node = element("div", { class: "number" }, element("label", { for: id }, label), input);
  return { node, value: () => input.valueAsNumber };
}

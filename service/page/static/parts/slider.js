// A labelled slider that shows its value.
import { element } from "./element.js";

let sliders = 0;

/** A slider from 0 to `most`; `format` turns its value into text, `onchange` is called with the value. */
export function slider(label, { value, most = 1, step = 0.01, format = (number) => number.toFixed(2), title = null, onchange }) {
  const id = `slider-${(sliders += 1)}`;
  const output = element("output", { for: id }, format(value));
  const input = element("input", { type: "range", id, min: 0, max: most, step, value, "aria-valuetext": format(value) });
  const showValue = () => {
    output.textContent = format(input.valueAsNumber);
    input.setAttribute("aria-valuetext", format(input.valueAsNumber));
  };
  input.addEventListener("input", () => {
    showValue();
    onchange(input.valueAsNumber);
  });
  const node = element("div", { class: "slider", title }, element("label", { for: id }, label), output, input);
  return { node, set: (number) => { input.value = number; showValue(); } };
}

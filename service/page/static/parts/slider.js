// A range with its name and its value.
import { element } from "./element.js";

let sliders = 0;

/** A labelled slider from 0 to `most`; `say` turns the value into text and `onchange` is told the number. */
export function slider(label, { value, most = 1, step = 0.01, say = (number) => number.toFixed(2), onchange }) {
  const id = `slider-${(sliders += 1)}`;
  const output = element("output", { for: id }, say(value));
  const input = element("input", { type: "range", id, min: 0, max: most, step, value, "aria-valuetext": say(value) });
  const tell = () => {
    output.textContent = say(input.valueAsNumber);
    input.setAttribute("aria-valuetext", say(input.valueAsNumber));
  };
  input.addEventListener("input", () => {
    tell();
    onchange(input.valueAsNumber);
  });
  const node = element("div", { class: "slider" }, element("label", { for: id }, label), output, input);
  return { node, input, set: (number) => { input.value = number; tell(); } };
}

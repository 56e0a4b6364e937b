// A group of checkboxes.
import { element } from "./element.js";

/** Checkboxes for options [value, title, hint]. `chosen()` returns the checked values, `set(values)` checks exactly these. */
export function checks(legend, options, chosen, onchange, kind = "checks") {
  const boxes = options.map(([value]) =>
    element("input", { type: "checkbox", value, checked: chosen.includes(value), onchange }));
  const node = element("fieldset", { class: kind }, element("legend", {}, legend),
    element("div", {}, options.map(([, title, hint], index) => element("label", {}, boxes[index],
      element("span", {}, title, hint && element("small", {}, hint))))));
  return {
    node,
    chosen: () => boxes.filter((box) => box.checked).map((box) => box.value),
    set: (values) => boxes.forEach((box) => { box.checked = values.includes(box.value); }),
  };
}

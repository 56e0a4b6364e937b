// A group of radio buttons, side by side.
import { element } from "./element.js";

let groups = 0;

/** Radio buttons for options [value, content]; `onchange` is called with the chosen value. */
export function choice(legend, options, chosen, onchange, kind = "segments") {
  const name = `choice-${(groups += 1)}`;
  const buttons = options.map(([value, content]) =>
    element("label", {},
      element("input", { type: "radio", name, value, checked: value === chosen, onchange: () => onchange(value) }),
      element("span", {}, content)));
  return element("fieldset", { class: kind }, element("legend", {}, legend), element("div", {}, buttons));
}

/** Choose a value of a group without calling `onchange`; null chooses none. */
export function choose(group, value) {
  for (const button of group.querySelectorAll("input")) button.checked = button.value === value;
}

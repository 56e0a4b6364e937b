// One of a few: radio buttons side by side.
import { element } from "./element.js";

let groups = 0;

/** A group of radio buttons. Options are [value, content] pairs; `onchange` is told the value. */
export function choice(legend, options, chosen, onchange, kind = "segments") {
  const name = `choice-${(groups += 1)}`;
  const buttons = options.map(([value, content]) =>
    element("label", {},
      element("input", { type: "radio", name, value, checked: value === chosen, onchange: () => onchange(value) }),
      element("span", {}, content)));
  return element("fieldset", { class: kind }, element("legend", {}, legend), element("div", {}, buttons));
}

/** Choose a value of such a group from elsewhere; null: none. */
export function choose(group, value) {
  for (const button of group.querySelectorAll("input")) button.checked = button.value === value;
}

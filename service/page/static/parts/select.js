// A labelled drop-down list.
import { element } from "./element.js";

let selects = 0;

/** A select for options [value, text]; `onchange` is called with the chosen value. */
export function select(label, options, chosen, onchange) {
  const id = `select-${(selects += 1)}`;
  const list = element("select", { id, onchange: () => onchange(list.value) },
    options.map(([value, text]) => element("option", { value, selected: value === chosen }, text)));
  return element("div", { class: "select" }, element("label", { for: id }, label), list);
}

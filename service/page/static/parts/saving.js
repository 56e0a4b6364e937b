// Files for a person to keep.
import { element } from "./element.js";
import { failure } from "./notice.js";

const KEPT_MS = 10_000;

/** Let the browser save a blob under a name. */
export function save(blob, name) {
  const href = URL.createObjectURL(blob);
  element("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), KEPT_MS);
}

/** A button for a row that saves what `make` gives; what goes wrong with it is said behind it. */
export function saveButton(label, name, make) {
  const trouble = element("div", { class: "trouble" });
  const act = async () => {
    trouble.replaceChildren();
    try {
      save(await make(), name);
    } catch (error) {
      trouble.replaceChildren(failure(error));
    }
  };
  return [element("button", { type: "button", onclick: act }, label), trouble];
}

/** A file's name without its ending. */
export function stem(name) {
  return name.replace(/\.[^.]+$/, "") || name;
}

// Buttons that save files.
import { element } from "./element.js";
import { failure } from "./notice.js";

const URL_LIFETIME_MS = 10_000;

/** Let the browser save a blob under a name. */
function save(blob, name) {
  const href = URL.createObjectURL(blob);
  element("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), URL_LIFETIME_MS);
}

/** A button that saves the blob returned by `make`, and a place behind it for an error. */
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

/** A file name without its extension. */
export function stem(name) {
  return name.replace(/\.[^.]+$/, "") || name;
}

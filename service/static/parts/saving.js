// Files for a person to keep.
import { element } from "./element.js";

const KEPT_MS = 10_000;

/** Let the browser save a blob under a name. */
export function save(blob, name) {
  const href = URL.createObjectURL(blob);
  element("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), KEPT_MS);
}

/** A file's name without its ending. */
export function stem(name) {
  return name.replace(/\.[^.]+$/, "") || name;
}

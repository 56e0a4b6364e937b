// The models that are served, asked for once.
import { askJson } from "./service.js";

let asked = null;

/** All of them, the default one first. */
export function allModels() {
  asked ??= askJson("v1/models").then(({ models }) => models.sort((a, b) => b.default - a.default));
  asked.catch(() => { asked = null; });
  return asked;
}

/** How a request names one. */
export function reference(model) {
  return `${model.name}@${model.version}`;
}

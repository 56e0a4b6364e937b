// The served models, requested once.
import { askJson } from "./service.js";

let request = null;

/** All models, the default model first. */
export function allModels() {
  request ??= askJson("v1/models").then(({ models }) => models.sort((a, b) => b.default - a.default));
  request.catch(() => { request = null; });
  return request;
}

/** The name of a model in a request: name@version. */
export function reference(model) {
  return `${model.name}@${model.version}`;
}

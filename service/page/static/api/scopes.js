// What the key that is sent may do.
import { askJson } from "./service.js";

/** Whether it lets in to "predict", "evaluate" or "admin"; a service without keys lets anybody in everywhere. */
export async function allows(scope) {
  const { key } = await askJson("v1/status");
  return key === null || key.scopes.includes(scope);
}

// The scopes of the API key in use.
import { askJson } from "./service.js";

/** Whether the key has a scope: "predict", "evaluate" or "admin". Without keys, the service allows everything. */
export async function allows(scope) {
  const { key } = await askJson("v1/status");
  return key === null || key.scopes.includes(scope);
}

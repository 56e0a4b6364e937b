// Requests to the service: the response, or a Problem thrown.
import { askForKey, keyHeaders } from "./key.js";
import { Problem } from "./problem.js";

const UNAUTHORIZED = 401;
const KEY = "X-API-Key";

/** The absolute URL of a path, wherever the page is mounted. */
export function address(path) {
  return new URL(path, document.baseURI).href;
}

/** Send a request; an error status is thrown as a Problem. On 401 the user is asked for a key and the request repeated. */
export async function ask(path, { headers = {}, ...options } = {}) {
  for (;;) {
    const sent = keyHeaders();
    const response = await reach(path, { ...options, headers: { ...headers, ...sent } });
    if (response.ok) return response;
    const problem = await Problem.of(response);
    if (response.status !== UNAUTHORIZED || !(await hasNewKey(sent[KEY]))) throw problem;
  }
}

/** Whether there is a key other than the refused one: entered in the meantime, or now. */
async function hasNewKey(refused) {
  return keyHeaders()[KEY] !== refused || askForKey(refused ? "The service does not accept this key." : "");
}

/** Request a JSON document. */
export async function askJson(path, options) {
  return (await ask(path, options)).json();
}

/** Send a request without a key; a response of any status is returned. */
export async function reach(path, options) {
  try {
    return await fetch(address(path), options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ kind: "unreachable" });
  }
}

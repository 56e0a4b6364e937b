// The service as a function: ask for a path, get the answer or a Problem.
import { askForKey, keyHeaders } from "./key.js";
import { Problem } from "./problem.js";

const LOCKED = 401;
const KEY = "X-API-Key";

/** The full address of a path, wherever the page is mounted. */
export function address(path) {
  return new URL(path, document.baseURI).href;
}

/** Ask; an answer that is no success is thrown as a Problem. A missing key is asked for. */
export async function ask(path, { headers = {}, ...options } = {}) {
  for (;;) {
    const sent = keyHeaders();
    const response = await reach(path, { ...options, headers: { ...headers, ...sent } });
    if (response.ok) return response;
    const problem = await Problem.of(response);
    if (response.status !== LOCKED || !(await hasNewKey(sent[KEY]))) throw problem;
  }
}

/** Whether there is another key than the one that was refused: given meanwhile, or when asked for. */
async function hasNewKey(refused) {
  return keyHeaders()[KEY] !== refused || askForKey(refused ? "The service does not know the key that was sent." : "");
}

/** Ask for a document. */
export async function askJson(path, options) {
  return (await ask(path, options)).json();
}

/** Ask without a key; any answer is returned. */
export async function reach(path, options) {
  try {
    return await fetch(address(path), options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ kind: "unreachable" });
  }
}

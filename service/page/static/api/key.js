// The API key: kept in sessionStorage until the tab is closed, requested once when the service answers 401.

const STORAGE_KEY = "labn-api-key";
let prompt = async () => false;
let pending = null;

/** Set how to ask the user for a key: an async function of a reason that returns whether a key was stored. */
export function setKeyPrompt(show) {
  prompt = show;
}

/** Headers that authenticate a request; empty without a key. */
export function keyHeaders() {
  const key = sessionStorage.getItem(STORAGE_KEY);
  return key ? { "X-API-Key": key } : {};
}

/** Keep a key for the rest of the tab's life. */
export function storeKey(key) {
  sessionStorage.setItem(STORAGE_KEY, key);
}

/** Ask the user for a key, stating the reason. Concurrent calls share one prompt. Resolves to false if it was dismissed. */
export function askForKey(reason = "") {
  pending ??= prompt(reason).finally(() => { pending = null; });
  return pending;
}

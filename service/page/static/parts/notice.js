// Something to be told: a box with a heading, a sentence and what to do.
import { advise } from "../api/advice.js";
import { askForKey } from "../api/key.js";
import { element } from "./element.js";

const OF_THE_KEY = ["wrong-key", "missing-scope"];

/** A box of a kind: "info", "warn" or "bad". */
export function notice(kind, title, ...body) {
  return element("div", { class: `notice ${kind}`, role: kind === "bad" ? "alert" : null },
    element("strong", {}, title), ...body);
}

/** What went wrong, in words, with what to do; `again` does it once more, and is offered where that may help. */
export function failure(error, again = null) {
  const { title, todo } = advise(error);
  return notice("bad", title,
    error.detail && element("p", { class: "detail" }, error.detail),
    element("p", {}, todo),
    again && (error.isPassing ?? true) && element("button", { type: "button", onclick: again }, "Try again"),
    OF_THE_KEY.includes(error.kind) && otherKey(),
    error.request && element("p", { class: "faint" }, "Request ", element("code", {}, error.request)));
}

/** What stands in place of a form that the key would not be let in with. */
export function locked() {
  return notice("info", "Your key is for predictions alone",
    element("p", {}, "Evaluations and sets need one of scope ", element("code", {}, "evaluate"), ": ask the operator for it."), otherKey());
}

function otherKey() {
  return element("button", { type: "button", onclick: async () => { if (await askForKey()) location.reload(); } }, "Use another key");
}

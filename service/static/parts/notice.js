// Something to be told: a box with a heading, a sentence and what to do.
import { advise } from "../api/advice.js";
import { element } from "./element.js";

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
    error.request && element("p", { class: "faint" }, "Request ", element("code", {}, error.request)));
}

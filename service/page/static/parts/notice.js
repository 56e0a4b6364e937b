// Notices: boxes with a heading and text, also for errors.
import { askForKey } from "../api/key.js";
import { element } from "./element.js";
import { problemTexts } from "./problem_texts.js";

const KEY_PROBLEMS = ["wrong-key", "missing-scope"];

/** A notice of a kind: "info", "warn" or "bad". */
export function notice(kind, title, ...body) {
  return element("div", { class: `notice ${kind}`, role: kind === "bad" ? "alert" : null },
    element("strong", {}, title), ...body);
}

/** A notice for an error, with advice. `retry` is offered as a button if repeating the request may help. */
export function failure(error, retry = null) {
  const { title, advice } = problemTexts(error);
  return notice("bad", title,
    error.detail && element("p", { class: "detail" }, error.detail),
    element("p", {}, advice),
    retry && (error.isTemporary ?? true) && element("button", { type: "button", onclick: retry }, "Try again"),
    KEY_PROBLEMS.includes(error.kind) && keyButton(),
    error.request && element("p", { class: "faint" }, "Request ID: ", element("code", {}, error.request)));
}

/** A notice in place of a form that needs the scope "evaluate", which the key lacks. */
export function evaluateScopeNotice() {
  return notice("info", "Your API key only permits predictions",
    element("p", {}, "Evaluations and sets require a key with the scope ", element("code", {}, "evaluate"), ". Ask the operator for one."), keyButton());
}

function keyButton() {
  return element("button", { type: "button", onclick: async () => { if (await askForKey()) location.reload(); } }, "Use another key");
}

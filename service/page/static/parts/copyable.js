// A line to be copied.
import { announce } from "./announcer.js";
import { element } from "./element.js";

const SHOWN_MS = 1500;

/** A line of code with a button that copies it. */
export function copyable(text, name) {
  const code = element("code", { tabindex: 0 }, text);
  const button = element("button", { type: "button", "aria-label": `Copy ${name}` }, "Copy");
  button.addEventListener("click", async () => {
    const copied = await copy(text, code);
    button.textContent = copied ? "Copied" : "Press Ctrl+C";
    announce(button.textContent);
    setTimeout(() => { button.textContent = "Copy"; }, SHOWN_MS);
  });
  return element("div", { class: "copyable" }, code, button);
}

/** Pages that are not served from this machine or by https have no clipboard: then the line is selected. */
async function copy(text, code) {
  getSelection().selectAllChildren(code);
  if (!navigator.clipboard) return document.execCommand("copy");
  return navigator.clipboard.writeText(text).then(() => true, () => false);
}

// A line of code with a copy button.
import { announce } from "./announcer.js";
import { element } from "./element.js";

const MESSAGE_MS = 1500;

/** The code with a button that copies it; `name` completes the button's label. */
export function copyable(text, name) {
  const code = element("code", { tabindex: 0 }, text);
  const button = element("button", { type: "button", "aria-label": `Copy ${name}` }, "Copy");
  button.addEventListener("click", async () => {
    const copied = await copy(text, code);
    button.textContent = copied ? "Copied" : "Press Ctrl+C";
    announce(button.textContent);
    setTimeout(() => { button.textContent = "Copy"; }, MESSAGE_MS);
  });
  return element("div", { class: "copyable" }, code, button);
}

/** Copy the text; without the clipboard API (plain HTTP from another machine) the line is selected instead. */
async function copy(text, code) {
  getSelection().selectAllChildren(code);
  if (!navigator.clipboard) return document.execCommand("copy");
  return navigator.clipboard.writeText(text).then(() => true, () => false);
}

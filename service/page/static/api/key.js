// The API key, where the service asks for one: kept until the tab is closed, asked for once.
import { element } from "../parts/element.js";

const PLACE = "labn-api-key";
let asking = null;

/** The headers that a request needs. */
export function keyHeaders() {
  const key = sessionStorage.getItem(PLACE);
  return key ? { "X-API-Key": key } : {};
}

/** Ask the person for a key, and say why; true when there is one now, false where they gave up. */
export function askForKey(why = "") {
  asking ??= new Promise((resolve) => {
    const field = element("input", { type: "password", id: "api-key", autocomplete: "off", required: true });
    const dialog = element("dialog", { "aria-labelledby": "api-key-title" },
      element("form", { method: "dialog" },
        element("h2", { id: "api-key-title" }, "This service asks for a key"),
        why && element("p", { role: "alert" }, why),
        element("label", { for: "api-key" }, "API key"), field,
        element("p", { class: "hint" }, "It is sent in X-API-Key, and forgotten when you close this tab."),
        element("div", { class: "row" },
          element("button", { value: "send", class: "primary" }, "Continue"),
          element("button", { value: "", formnovalidate: true }, "Cancel"))));
    dialog.addEventListener("close", () => {
      dialog.remove();
      asking = null;
      if (dialog.returnValue === "send") sessionStorage.setItem(PLACE, field.value);
      resolve(dialog.returnValue === "send");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
  return asking;
}

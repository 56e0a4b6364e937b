// The dialog in which the user enters an API key.
import { storeKey } from "../api/key.js";
import { element } from "./element.js";

/** Show the dialog; resolves to whether a key was entered and stored. */
export function showKeyDialog(reason) {
  return new Promise((resolve) => {
    const field = element("input", { type: "password", id: "api-key", autocomplete: "off", required: true });
    const dialog = element("dialog", { "aria-labelledby": "api-key-title" },
      element("form", { method: "dialog" },
        element("h2", { id: "api-key-title" }, "This service requires a key"),
        reason && element("p", { role: "alert" }, reason),
        element("label", { for: "api-key" }, "API key"), field,
        element("p", { class: "hint" }, "The key is sent in the X-API-Key header and forgotten when you close this tab."),
        element("div", { class: "row" },
          element("button", { value: "send", class: "primary" }, "Continue"),
          element("button", { value: "", formnovalidate: true }, "Cancel"))));
    dialog.addEventListener("close", () => {
      const isEntered = dialog.returnValue === "send";
      if (isEntered) storeKey(field.value);
      dialog.remove();
      resolve(isEntered);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

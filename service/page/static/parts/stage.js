// The viewer with its buttons and its read-out.
import { zoomStep } from "../picture/gestures.js";
import { Viewer } from "../picture/viewer.js";
import { element } from "./element.js";

/** A viewer in a frame. `tools` go above it; `onpoint` is told where a person points and returns what to say of it. */
export class Stage {
  constructor({ label, tools = [], onpoint }) {
    this.canvas = element("canvas", { class: "viewer", tabindex: 0, role: "application", "aria-label": label,
      "aria-roledescription": "image viewer", "aria-describedby": "viewer-keys" });
    this.readout = element("p", { class: "readout", role: "status", "aria-live": "off" }, HINT);
    this.viewer = new Viewer(this.canvas, (point) => {
      this.readout.replaceChildren(...(point ? onpoint(point) : [onpoint(null) ?? HINT]));
    });
    this.canvas.addEventListener("keydown", () => this.readout.setAttribute("aria-live", "polite"));
    this.canvas.addEventListener("pointerdown", () => this.readout.setAttribute("aria-live", "off"));
    this.node = element("section", { class: "stage card" },
      element("div", { class: "toolbar" }, tools, element("div", { class: "zoom" },
        zoomButton("Zoom out", "−", () => this.viewer.zoom(1 / zoomStep)),
        zoomButton("Show all of it", "⤢", () => this.viewer.fit()),
        zoomButton("Zoom in", "+", () => this.viewer.zoom(zoomStep)))),
      this.canvas, this.readout,
      element("p", { id: "viewer-keys", class: "unseen" }, "Plus and minus zoom, arrows move, 0 shows all. The value in the middle is read out."));
  }
}

const HINT = "Wheel or pinch to zoom, drag to move, point to read values.";

function zoomButton(label, sign, onclick) {
  return element("button", { type: "button", class: "icon", "aria-label": label, title: label, onclick }, sign);
}

// The viewer with its toolbar and read-out.
import { ZOOM_STEP } from "../picture/gestures.js";
import { Viewer } from "../picture/viewer.js";
import { element } from "./element.js";

/** A viewer with `tools` above it. `onpoint` is called with the image point under the pointer, or null, and returns the read-out. */
export class ViewerFrame {
  constructor({ label, tools = [], onpoint }) {
    this.canvas = element("canvas", { class: "viewer", tabindex: 0, role: "application", "aria-label": label,
      "aria-roledescription": "image viewer", "aria-describedby": "viewer-keys" });
    this.readout = element("p", { class: "readout", role: "status", "aria-live": "off" }, HINT);
    this.viewer = new Viewer(this.canvas, (point) => {
      this.readout.replaceChildren(...(point ? onpoint(point) : [onpoint(null) ?? HINT]));
    });
    this.canvas.addEventListener("keydown", () => this.readout.setAttribute("aria-live", "polite"));
    this.canvas.addEventListener("pointerdown", () => this.readout.setAttribute("aria-live", "off"));
    this.node = element("section", { class: "viewer-frame card" },
      element("div", { class: "toolbar" }, tools, element("div", { class: "zoom" },
        zoomButton("Zoom out", "−", () => this.viewer.zoom(1 / ZOOM_STEP)),
        zoomButton("Fit to view", "⤢", () => this.viewer.fit()),
        zoomButton("Zoom in", "+", () => this.viewer.zoom(ZOOM_STEP)))),
      this.canvas, this.readout,
      element("p", { id: "viewer-keys", class: "unseen" }, "Press plus or minus to zoom, the arrow keys to move, 0 to fit the image. The value at the centre is announced."));
  }
}

const HINT = "Scroll or pinch to zoom, drag to move, point at the image to read values.";

function zoomButton(label, sign, onclick) {
  return element("button", { type: "button", class: "icon", "aria-label": label, title: label, onclick }, sign);
}

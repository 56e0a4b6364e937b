// The maps of an evaluation side by side, with a common view, colours and threshold.
import { cropOf } from "../picture/crop.js";
import { Heatmap } from "../picture/heatmap.js";
import { checks } from "./checks.js";
import { element } from "./element.js";
import { MapControls } from "./map_controls.js";
import { methodName } from "./methods.js";
import { ViewerFrame } from "./viewer_frame.js";

const ABSOLUTE = "attention"; // is in 0..1; the other maps are scaled to their own range

/** One pane for the image and one for each map over it. `source` is {bitmap, width, height}, or null if the image is no longer stored. */
export class MapsView {
  constructor(maps, source, { preprocessing, theta, tables }) {
    const { height, width } = preprocessing;
    const size = source ?? { width, height };
    const region = source ? cropOf(preprocessing, source.width, source.height) : { left: 0, top: 0, width, height };
    this.heatmaps = Object.fromEntries(Object.entries(maps).map(([name, map]) => [name, new Heatmap(rowsOf(map, name), region)]));
    this.hasImage = source !== null;
    this.controls = new MapControls({ theta, threshold: 0, tables, onchange: () => this.redraw() });
    this.frame = new ViewerFrame({ label: "Maps side by side", tools: [element("h2", {}, "Maps side by side")], onpoint: (point) => this.read(point) });
    this.names = Object.keys(maps);
    this.shown = checks("Show", this.names.map((name) => [name, methodName(name)]), this.names, () => this.redraw(), "checks chips");
    this.node = element("div", { class: "answer maps" }, this.frame.node,
      element("div", { class: "panel" }, element("section", { class: "card" }, element("h2", {}, "Display"), this.shown.node, this.controls.node,
        element("p", { class: "hint" }, "Attention is shown on its own scale from 0 to 1; every other map is scaled to its own range."))));
    this.frame.viewer.show(source?.bitmap ?? new OffscreenCanvas(1, 1), size.width, size.height);
    this.redraw();
  }

  /** Draw with the current settings. */
  redraw() {
    const maps = this.shown.chosen().map((name) => ({ title: methodName(name), bare: !this.hasImage, layer: this.controls.layer(this.heatmaps[name]) }));
    this.frame.viewer.arrange(this.hasImage || !maps.length ? [{ title: "Image" }, ...maps] : maps);
    const shown = this.heatmaps[this.shown.chosen()[0] ?? this.names[0]];
    this.controls.colourBar.show(shown.values, this.controls.table);
  }

  /** The read-out of every map's value at a point. */
  read(point) {
    if (!point) return null;
    const position = element("span", {}, `x ${Math.floor(point.x)}, y ${Math.floor(point.y)}`);
    const values = this.shown.chosen().map((name) => [name, this.heatmaps[name].at(point.x, point.y)]).filter(([, value]) => value !== null);
    if (!values.length) return [position, element("span", { class: "faint" }, "outside the network's input")];
    return [position, ...values.map(([name, value]) => element("span", {}, `${methodName(name)} `, element("strong", {}, value.toFixed(3))))];
  }
}

function rowsOf({ values, height, width }, name) {
  const low = name === ABSOLUTE ? 0 : values.reduce((least, value) => Math.min(least, value), Infinity);
  const high = name === ABSOLUTE ? 1 : values.reduce((most, value) => Math.max(most, value), -Infinity);
  const scaled = Array.from(values, (value) => (value - low) / (high > low ? high - low : 1));
  return Array.from({ length: height }, (_, row) => scaled.slice(row * width, (row + 1) * width));
}

// The maps of an evaluation side by side, moved and coloured as one.
import { cropOf } from "../picture/crop.js";
import { Heatmap } from "../picture/heatmap.js";
import { checks } from "./checks.js";
import { element } from "./element.js";
import { MapStyle } from "./map_style.js";
import { methodName } from "./methods.js";
import { Stage } from "./stage.js";

const ABSOLUTE = "attention"; // lies in 0..1 by itself; the others are scaled by their own range

/** Panes of the image and of each map over it. `source` is {bitmap, width, height}, or null where the image is not kept. */
export class MapsView {
  constructor(maps, source, { preprocessing, theta, tables }) {
    const { height, width } = preprocessing;
    const size = source ?? { width, height };
    const region = source ? cropOf(preprocessing, source.width, source.height) : { left: 0, top: 0, width, height };
    this.heatmaps = Object.fromEntries(Object.entries(maps).map(([name, map]) => [name, new Heatmap(rowsOf(map, name), region)]));
    this.hasImage = source !== null;
    this.style = new MapStyle({ theta, threshold: 0, tables, onchange: () => this.redraw() });
    this.stage = new Stage({ label: "The maps side by side", tools: [element("h2", {}, "The maps side by side")], onpoint: (point) => this.read(point) });
    this.names = Object.keys(maps);
    this.shown = checks("Show", this.names.map((name) => [name, methodName(name)]), this.names, () => this.redraw(), "checks chips");
    this.node = element("div", { class: "answer maps" }, this.stage.node,
      element("div", { class: "panel" }, element("section", { class: "card" }, element("h2", {}, "How they are drawn"), this.shown.node, this.style.node,
        element("p", { class: "hint" }, "Attention is on its own scale 0 to 1; every other map is scaled to its own range."))));
    this.stage.viewer.show(source?.bitmap ?? new OffscreenCanvas(1, 1), size.width, size.height);
    this.redraw();
  }

  /** Draw in the style that is chosen now. */
  redraw() {
    const maps = this.shown.chosen().map((name) => ({ title: methodName(name), bare: !this.hasImage, layer: this.style.layer(this.heatmaps[name]) }));
    this.stage.viewer.arrange(this.hasImage || !maps.length ? [{ title: "Image" }, ...maps] : maps);
    const shown = this.heatmaps[this.shown.chosen()[0] ?? this.names[0]];
    this.style.legend.show(shown.values, this.style.table);
  }

  /** Say what every map has at a place. */
  read(point) {
    if (!point) return null;
    const place = element("span", {}, `x ${Math.floor(point.x)}, y ${Math.floor(point.y)}`);
    const values = this.shown.chosen().map((name) => [name, this.heatmaps[name].at(point.x, point.y)]).filter(([, value]) => value !== null);
    if (!values.length) return [place, element("span", { class: "faint" }, "outside of what the network saw")];
    return [place, ...values.map(([name, value]) => element("span", {}, `${methodName(name)} `, element("strong", {}, value.toFixed(3))))];
  }
}

function rowsOf({ values, height, width }, name) {
  const low = name === ABSOLUTE ? 0 : values.reduce((least, value) => Math.min(least, value), Infinity);
  const high = name === ABSOLUTE ? 1 : values.reduce((most, value) => Math.max(most, value), -Infinity);
  const scaled = Array.from(values, (value) => (value - low) / (high > low ? high - low : 1));
  return Array.from({ length: height }, (_, row) => scaled.slice(row * width, (row + 1) * width));
}

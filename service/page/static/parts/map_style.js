// How a map is drawn: threshold, colours and opacity, chosen by a person and kept for the next image.
import { COLORMAPS, paintStrip } from "../picture/colormap.js";
import { choice } from "./choice.js";
import { element } from "./element.js";
import { Legend } from "./legend.js";
import { slider } from "./slider.js";

const kept = { colormap: COLORMAPS[0], opacity: 0.6 };

/** The controls of a map. `onchange` is told whenever anything changes; read `threshold`, `opacity` and `colormap`. */
export class MapStyle {
  constructor({ theta, tables, onchange, threshold = theta }) {
    Object.assign(this, { threshold, tables, ...kept });
    const change = (changed) => {
      Object.assign(this, changed);
      Object.assign(kept, { colormap: this.colormap, opacity: this.opacity });
      onchange();
    };
    this.legend = new Legend({ theta, threshold, onchange: (chosen) => change({ threshold: chosen }) });
    const opacity = slider("Opacity", { value: this.opacity, say: (value) => `${Math.round(100 * value)} %`,
      onchange: (value) => change({ opacity: value }) });
    const colours = choice("Colours", COLORMAPS.map((name) => [name, swatch(name, tables[name])]), this.colormap,
      (colormap) => change({ colormap }), "swatches");
    this.node = element("div", { class: "map-style" }, this.legend.node, opacity.node, colours);
  }

  /** The table of the chosen colours. */
  get table() {
    return this.tables[this.colormap];
  }

  /** A layer of the viewer for a heatmap, drawn in this style. */
  layer(heatmap) {
    return { picture: heatmap.picture(this), region: heatmap.region, opacity: this.opacity };
  }
}

function swatch(name, table) {
  const canvas = element("canvas", { "aria-hidden": "true" });
  paintStrip(canvas, table);
  return [canvas, element("span", {}, name)];
}

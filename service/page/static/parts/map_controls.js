// How a map is drawn: threshold, colours and opacity. Colours and opacity are kept for the next image.
import { COLORMAPS, paintStrip } from "../picture/colormap.js";
import { choice } from "./choice.js";
import { ColourBar } from "./colour_bar.js";
import { element } from "./element.js";
import { slider } from "./slider.js";

const kept = { colormap: COLORMAPS[0], opacity: 0.6 };

/** The controls of a map, with the properties `threshold`, `opacity` and `colormap`; `onchange` is called after each change. */
export class MapControls {
  constructor({ theta, tables, onchange, threshold = theta }) {
    Object.assign(this, { threshold, tables, ...kept });
    const change = (changed) => {
      Object.assign(this, changed);
      Object.assign(kept, { colormap: this.colormap, opacity: this.opacity });
      onchange();
    };
    this.colourBar = new ColourBar({ theta, threshold, onchange: (chosen) => change({ threshold: chosen }) });
    const opacity = slider("Opacity", { value: this.opacity, format: (value) => `${Math.round(100 * value)} %`,
      onchange: (value) => change({ opacity: value }) });
    const colours = choice("Colours", COLORMAPS.map((name) => [name, swatch(name, tables[name])]), this.colormap,
      (colormap) => change({ colormap }), "swatches");
    this.node = element("div", { class: "map-controls" }, this.colourBar.node, opacity.node, colours);
  }

  /** The colour table of the chosen colour map. */
  get table() {
    return this.tables[this.colormap];
  }

  /** A viewer layer for a heatmap, drawn with these settings. */
  layer(heatmap) {
    return { picture: heatmap.picture(this), region: heatmap.region, opacity: this.opacity };
  }
}

function swatch(name, table) {
  const canvas = element("canvas", { "aria-hidden": "true" });
  paintStrip(canvas, table);
  return [canvas, element("span", {}, name)];
}

// A map over its image: values, the region they cover, and their coloured picture.
import { enlarge } from "./resampling.js";

const MOST_PX = 1024; // longest side of the picture, which is scaled when drawn
const BYTES = 4;

/** Values (rows of 0..1) over a region {left, top, width, height} of the upload, in its pixels. */
export class Heatmap {
  #smooth;
  #canvas;
  #drawn = "";

  constructor(values, region) {
    this.values = values;
    this.region = region;
    const scale = Math.min(1, MOST_PX / Math.max(region.width, region.height));
    this.width = Math.max(1, Math.round(region.width * scale));
    this.height = Math.max(1, Math.round(region.height * scale));
    this.#smooth = enlarge(values, this.width, this.height);
    this.#canvas = new OffscreenCanvas(this.width, this.height);
  }

  /** The picture: opaque where the map exceeds the threshold, transparent elsewhere. Redrawn only if the settings change. */
  picture({ threshold, colormap, table }) {
    const wanted = `${threshold} ${colormap}`;
    if (wanted !== this.#drawn) {
      this.#paint(threshold, new Uint32Array(table.slice().buffer));
      this.#drawn = wanted;
    }
    return this.#canvas;
  }

  /** The value at a point of the upload, in its pixels; null outside the region. */
  at(x, y) {
    const column = Math.floor(((x - this.region.left) / this.region.width) * this.width);
    const row = Math.floor(((y - this.region.top) / this.region.height) * this.height);
    const inside = column >= 0 && row >= 0 && column < this.width && row < this.height;
    return inside ? this.#smooth[row * this.width + column] : null;
  }

  /** Share of the map's cells strictly above a threshold. */
  coverage(threshold) {
    const over = this.values.reduce((count, row) => count + row.filter((value) => value > threshold).length, 0);
    return over / (this.values.length * this.values[0].length);
  }

  #paint(threshold, colours) {
    const image = new ImageData(this.width, this.height);
    const pixels = new Uint32Array(image.data.buffer, 0, image.data.length / BYTES);
    const smooth = this.#smooth;
    for (let i = 0; i < pixels.length; i += 1) {
      const value = smooth[i];
      if (value > threshold) pixels[i] = colours[Math.min(255, (value * 256) | 0)];
    }
    this.#canvas.getContext("2d").putImageData(image, 0, 0);
  }
}

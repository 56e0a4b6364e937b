// The API's colours: 256 of each map, read from the tables that the service draws with.

export const COLORMAPS = ["inferno", "viridis", "magma", "plasma", "cividis"];
const LEVELS = 256;
const CHANNELS = 4;
let loading = null;

/** All tables by name, each 256 RGBA colours as bytes. */
export function colormaps() {
  loading ??= load();
  loading.catch(() => { loading = null; });
  return loading;
}

async function load() {
  const image = await createImageBitmap(await (await fetch(new URL("../colormaps.png", import.meta.url))).blob());
  const context = new OffscreenCanvas(LEVELS, COLORMAPS.length).getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const row = (index) => context.getImageData(0, index, LEVELS, 1).data;
  return Object.fromEntries(COLORMAPS.map((name, index) => [name, row(index)]));
}

/** A strip of colours in a canvas, dark to light from left to right. */
export function paintStrip(canvas, table) {
  canvas.width = LEVELS;
  canvas.height = 1;
  canvas.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(table), LEVELS, 1), 0, 0);
}

/** The colour of a value 0..1 as CSS has it. */
export function colourOf(table, value) {
  const at = CHANNELS * Math.min(LEVELS - 1, Math.max(0, Math.floor(value * LEVELS)));
  return `rgb(${table[at]} ${table[at + 1]} ${table[at + 2]})`;
}

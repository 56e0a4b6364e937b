// Colour maps: 256 colours each, read from the same tables that the service uses.

export const COLORMAPS = ["inferno", "viridis", "magma", "plasma", "cividis"];
const LEVELS = 256;
let loading = null;

/** The colour tables by name, each 256 RGBA colours as bytes. */
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

/** Paint a colour table into a canvas, from left to right. */
export function paintStrip(canvas, table) {
  canvas.width = LEVELS;
  canvas.height = 1;
  canvas.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(table), LEVELS, 1), 0, 0);
}

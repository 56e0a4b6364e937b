// The order of an image's patches under a map, as the service computes it (section 3.2 of the JSAI paper).

/** The rank of each pixel's patch, 0 first: by the patch's maximum, ties in row-major order. `values` is row-major, height x width. */
export function patchRanks(values, height, width, patchSize) {
  const columns = Math.ceil(width / patchSize);
  const strongest = new Float32Array(columns * Math.ceil(height / patchSize)).fill(-Infinity);
  const patchOf = (x, y) => Math.floor(y / patchSize) * columns + Math.floor(x / patchSize);
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 1) strongest[patchOf(x, y)] = Math.max(strongest[patchOf(x, y)], values[at]);
  }
  const order = Uint32Array.from(strongest.keys()).sort((a, b) => strongest[b] - strongest[a] || a - b);
  const rank = new Uint32Array(order.length);
  order.forEach((patch, index) => { rank[patch] = index; });
  const result = new Uint32Array(height * width);
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 1) result[at] = rank[patchOf(x, y)];
  }
  return result;
}

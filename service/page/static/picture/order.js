// The order in which a map puts the patches of an image: section 3.3 of the paper, eq. (7), as the service has it.

/** Each pixel's place in the order, 0 first: by the strongest value of its patch, equal ones in row-major order. */
export function places(values, height, width, patchSize) {
  const columns = Math.ceil(width / patchSize);
  const strongest = new Float32Array(columns * Math.ceil(height / patchSize)).fill(-Infinity);
  const patchOf = (x, y) => Math.floor(y / patchSize) * columns + Math.floor(x / patchSize);
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 1) strongest[patchOf(x, y)] = Math.max(strongest[patchOf(x, y)], values[at]);
  }
  const order = Uint32Array.from(strongest.keys()).sort((a, b) => strongest[b] - strongest[a] || a - b);
  const place = new Uint32Array(order.length);
  order.forEach((patch, index) => { place[patch] = index; });
  const result = new Uint32Array(height * width);
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 1) result[at] = place[patchOf(x, y)];
  }
  return result;
}

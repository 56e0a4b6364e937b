// Bilinear resampling of maps between cell centres, as the service does it.

/** Upsample rows of values to width x height: a Float32Array in row-major order. */
export function enlarge(values, width, height) {
  const rows = values.length;
  const columns = values[0].length;
  const across = neighbours(width, columns);
  const down = neighbours(height, rows);
  const result = new Float32Array(width * height);
  const line = new Float32Array(columns);
  for (let y = 0, at = 0; y < height; y += 1) {
    const [top, bottom, low] = [values[down.first[y]], values[down.second[y]], down.share[y]];
    for (let x = 0; x < columns; x += 1) line[x] = top[x] + (bottom[x] - top[x]) * low;
    for (let x = 0; x < width; x += 1, at += 1) {
      const left = line[across.first[x]];
      result[at] = left + (line[across.second[x]] - left) * across.share[x];
    }
  }
  return result;
}

/** For each pixel along a side: the two cells that it lies between, and the weight of the second. */
function neighbours(length, cells) {
  const first = new Uint32Array(length);
  const second = new Uint32Array(length);
  const share = new Float32Array(length);
  for (let i = 0; i < length; i += 1) {
    const position = Math.min(Math.max(((i + 0.5) * cells) / length - 0.5, 0), cells - 1);
    first[i] = Math.floor(position);
    second[i] = Math.min(first[i] + 1, cells - 1);
    share[i] = position - first[i];
  }
  return { first, second, share };
}

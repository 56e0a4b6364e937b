// Perturbed images: partly image, partly blank.

/** Pixels of the image where the rank is below n (inserting) or not below n (deleting), elsewhere of the blank. */
export function compose(pixels, blank, ranks, n, inserting) {
  const result = new ImageData(pixels.width, pixels.height);
  const [from, to, into] = [pixels, blank, result].map(({ data }) => new Uint32Array(data.buffer));
  for (let i = 0; i < into.length; i += 1) into[i] = (ranks[i] < n) === inserting ? from[i] : to[i];
  return result;
}

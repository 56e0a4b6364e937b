// What the network was shown on the way between the blank and the image.

/** Compose pixels: those of the image where the place in the order is below n (inserting) or not (deleting), else blank. */
export function compose(pixels, blank, places, n, inserting) {
  const result = new ImageData(pixels.width, pixels.height);
  const [from, to, into] = [pixels, blank, result].map(({ data }) => new Uint32Array(data.buffer));
  for (let i = 0; i < into.length; i += 1) into[i] = (places[i] < n) === inserting ? from[i] : to[i];
  return result;
}

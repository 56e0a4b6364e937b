// The network's input from an upload: the crop, its pixels at input size, and the blank.

const BLUR_PX = 10; // standard deviation of the service's blank "blur"

/** The crop {left, top, width, height} in pixels of an upload of the given size; `crop` holds fractions of its sides. */
export function cropOf({ crop: [left, top, right, bottom] }, width, height) {
  const [start, end, above, below] = [left * width, right * width, top * height, bottom * height].map(Math.round);
  return { left: start, top: above, width: Math.max(1, end - start), height: Math.max(1, below - above) };
}

/** The pixels (ImageData) of a bitmap's region at the input size. */
export function seenPixels(bitmap, region, { height, width, mode }) {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  if (mode === "grey") context.filter = "grayscale(1)";
  context.drawImage(bitmap, region.left, region.top, region.width, region.height, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

/** The blank that replaces missing patches, for display only: ImageData of the same size. */
export function blankPixels(kind, pixels, { mean }) {
  const { width, height } = pixels;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (kind === "blur") {
    const source = new OffscreenCanvas(width, height);
    source.getContext("2d").putImageData(pixels, 0, 0);
    context.drawImage(source, 0, 0);
    context.filter = `blur(${BLUR_PX}px)`;
    context.drawImage(source, 0, 0);
  } else {
    const [red, green, blue] = kind === "mean" ? [mean[0], mean[1] ?? mean[0], mean[2] ?? mean[0]] : [0, 0, 0];
    context.fillStyle = `rgb(${255 * red} ${255 * green} ${255 * blue})`;
    context.fillRect(0, 0, width, height);
  }
  return context.getImageData(0, 0, width, height);
}

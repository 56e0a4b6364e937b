// The layout of several panes on a canvas.

/** Boxes of equal size for `count` panes, in the number of columns that shows an image of this aspect ratio largest. */
export function arrange(count, width, height, aspect, gap) {
  const layouts = Array.from({ length: count }, (_, index) => {
    const columns = index + 1;
    const rows = Math.ceil(count / columns);
    const box = { columns, width: (width - gap * (columns - 1)) / columns, height: (height - gap * (rows - 1)) / rows };
    return { ...box, scale: Math.min(box.width / aspect, box.height) };
  });
  const best = layouts.reduce((one, other) => (other.scale > one.scale ? other : one));
  return Array.from({ length: count }, (_, index) => ({
    left: (index % best.columns) * (best.width + gap),
    top: Math.floor(index / best.columns) * (best.height + gap),
    width: best.width,
    height: best.height,
  }));
}

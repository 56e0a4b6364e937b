// Which part of an image is seen, and how large: one view for all panes, so that image and maps stay together.

const CLOSEST = 32; // screen pixels for one of the image's
const EPSILON = 1e-6;

/** The view of an image of width x height px in panes of paneWidth x paneHeight. */
export class View {
  constructor() {
    Object.assign(this, { width: 1, height: 1, paneWidth: 1, paneHeight: 1, x: 0.5, y: 0.5, scale: 1 });
  }

  /** The scale at which all of the image is seen. */
  get fitting() {
    return Math.min(this.paneWidth / this.width, this.paneHeight / this.height);
  }

  /** Whether all of the image is seen. */
  get isWhole() {
    return this.scale <= this.fitting * (1 + EPSILON);
  }

  /** How much larger than the whole. */
  get magnification() {
    return this.scale / this.fitting;
  }

  /** See all of an image. */
  show(width, height) {
    Object.assign(this, { width, height });
    this.fit();
  }

  /** See all of the image. */
  fit() {
    this.scale = this.fitting;
    this.#settle();
  }

  /** Take another size of the panes; what was whole stays whole. */
  resize(paneWidth, paneHeight) {
    const whole = this.isWhole;
    Object.assign(this, { paneWidth, paneHeight });
    if (whole) this.fit();
    else this.#settle();
  }

  /** Enlarge by a factor; the image's point under (left, top) of a pane stays where it is. */
  zoom(factor, left = this.paneWidth / 2, top = this.paneHeight / 2) {
    const fixed = this.toImage(left, top);
    this.scale = Math.min(Math.max(this.scale * factor, this.fitting), Math.max(CLOSEST, this.fitting));
    const moved = this.toImage(left, top);
    this.x += fixed.x - moved.x;
    this.y += fixed.y - moved.y;
    this.#settle();
  }

  /** Move what is seen by pixels of the screen. */
  pan(right, down) {
    this.x -= right / this.scale;
    this.y -= down / this.scale;
    this.#settle();
  }

  /** From a place in a pane to the image's pixels. */
  toImage(left, top) {
    return { x: this.x + (left - this.paneWidth / 2) / this.scale, y: this.y + (top - this.paneHeight / 2) / this.scale };
  }

  /** From the image's pixels to a place in a pane. */
  toPane(x, y) {
    return { left: (x - this.x) * this.scale + this.paneWidth / 2, top: (y - this.y) * this.scale + this.paneHeight / 2 };
  }

  #settle() {
    this.scale = Math.max(this.scale, this.fitting);
    this.x = inside(this.x, this.width, this.paneWidth / this.scale);
    this.y = inside(this.y, this.height, this.paneHeight / this.scale);
  }
}

/** Keep the middle of what is seen so that nothing beyond an edge is, if that is possible. */
function inside(middle, length, seen) {
  return seen >= length ? length / 2 : Math.min(Math.max(middle, seen / 2), length - seen / 2);
}

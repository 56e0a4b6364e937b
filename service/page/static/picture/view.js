// The visible part of an image and its scale; all panes share one view, so that image and maps stay aligned.

const MAX_SCALE = 32; // screen pixels per image pixel
const EPSILON = 1e-6;

/** The view of an image of width x height px in panes of paneWidth x paneHeight. */
export class View {
  constructor() {
    Object.assign(this, { width: 1, height: 1, paneWidth: 1, paneHeight: 1, x: 0.5, y: 0.5, scale: 1 });
  }

  /** The scale at which the whole image is visible. */
  get fitting() {
    return Math.min(this.paneWidth / this.width, this.paneHeight / this.height);
  }

  /** Whether the whole image is visible. */
  get isWhole() {
    return this.scale <= this.fitting * (1 + EPSILON);
  }

  /** Show a whole image of the given size. */
  show(width, height) {
    Object.assign(this, { width, height });
    this.fit();
  }

  /** Show the whole image. */
  fit() {
    this.scale = this.fitting;
    this.#clamp();
  }

  /** Set the size of the panes; a whole image stays whole. */
  resize(paneWidth, paneHeight) {
    const whole = this.isWhole;
    Object.assign(this, { paneWidth, paneHeight });
    if (whole) this.fit();
    else this.#clamp();
  }

  /** Zoom by a factor; the image point at (left, top) of a pane stays in place. */
  zoom(factor, left = this.paneWidth / 2, top = this.paneHeight / 2) {
    const fixed = this.toImage(left, top);
    this.scale = Math.min(Math.max(this.scale * factor, this.fitting), Math.max(MAX_SCALE, this.fitting));
    const moved = this.toImage(left, top);
    this.x += fixed.x - moved.x;
    this.y += fixed.y - moved.y;
    this.#clamp();
  }

  /** Move the image by screen pixels. */
  pan(right, down) {
    this.x -= right / this.scale;
    this.y -= down / this.scale;
    this.#clamp();
  }

  /** Convert a position in a pane to image pixels. */
  toImage(left, top) {
    return { x: this.x + (left - this.paneWidth / 2) / this.scale, y: this.y + (top - this.paneHeight / 2) / this.scale };
  }

  /** Convert image pixels to a position in a pane. */
  toPane(x, y) {
    return { left: (x - this.x) * this.scale + this.paneWidth / 2, top: (y - this.y) * this.scale + this.paneHeight / 2 };
  }

  #clamp() {
    this.scale = Math.max(this.scale, this.fitting);
    this.x = clampCentre(this.x, this.width, this.paneWidth / this.scale);
    this.y = clampCentre(this.y, this.height, this.paneHeight / this.scale);
  }
}

/** Clamp the centre of the visible part so that it does not extend beyond the image, if the image is large enough. */
function clampCentre(centre, length, visible) {
  return visible >= length ? length / 2 : Math.min(Math.max(centre, visible / 2), length - visible / 2);
}

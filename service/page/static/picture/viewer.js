// An image viewer with one or more panes, map layers and a common view.
import { attachGestures } from "./gestures.js";
import { arrange } from "./panes.js";
import { View } from "./view.js";

const GAP_PX = 6;
const SMOOTH_UNTIL = 4; // screen pixels per image pixel; above this, pixels are drawn as squares
const CAPTION_PX = 13;
const MARK_PX = 7;
const DASH_PX = [2, 4];

/**
 * Draws on a canvas. A pane is {title, bare, layer}: `bare` omits the image, `layer` is null or
 * {picture, region, opacity}. `onpoint` is called with {x, y} in image pixels, or null.
 */
export class Viewer {
  constructor(canvas, onpoint = () => {}) {
    Object.assign(this, { canvas, onpoint, view: new View(), panes: [{}], bitmap: null, mark: null });
    this.boxes = [];
    attachGestures(canvas, this);
    new ResizeObserver(() => this.redraw()).observe(canvas);
  }

  /** Show an image of the given size in pixels; the bitmap may be smaller. */
  show(bitmap, width, height) {
    this.bitmap = bitmap;
    this.view.show(width, height);
    this.redraw();
  }

  /** Set the panes. */
  arrange(panes) {
    this.panes = panes;
    this.redraw();
  }

  /** Zoom around a position on the canvas, by default the centre. */
  zoom(factor, position = null) {
    const box = this.#boxAt(position);
    if (box) this.view.zoom(factor, position.left - box.left, position.top - box.top);
    else this.view.zoom(factor);
    this.redraw();
  }

  /** Move the image by screen pixels. */
  pan(right, down) {
    this.view.pan(right, down);
    this.redraw();
  }

  /** Show the whole image. */
  fit() {
    this.view.fit();
    this.redraw();
  }

  /** Point at a position on the canvas; null for none. */
  point(position) {
    const box = this.#boxAt(position);
    this.#mark(box ? this.view.toImage(position.left - box.left, position.top - box.top) : null);
  }

  /** Point at the centre, for keyboard users. */
  pointAtMiddle() {
    this.#mark({ x: this.view.x, y: this.view.y });
  }

  /** Request a redraw before the next frame. */
  redraw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.#draw();
    });
  }

  #mark(point) {
    const { width, height } = this.view;
    const inside = point && point.x >= 0 && point.y >= 0 && point.x < width && point.y < height;
    this.mark = inside ? point : null;
    this.onpoint(this.mark);
    if (this.panes.length > 1) this.redraw();
  }

  #boxAt(position) {
    if (!position) return null;
    return this.boxes.find((box) => position.left >= box.left && position.left < box.left + box.width
      && position.top >= box.top && position.top < box.top + box.height) ?? null;
  }

  #draw() {
    const { clientWidth, clientHeight } = this.canvas;
    if (!clientWidth || !this.bitmap) return;
    const density = devicePixelRatio;
    this.canvas.width = Math.round(clientWidth * density);
    this.canvas.height = Math.round(clientHeight * density);
    const context = this.canvas.getContext("2d");
    context.scale(density, density);
    this.boxes = arrange(this.panes.length, clientWidth, clientHeight, this.view.width / this.view.height, GAP_PX);
    this.view.resize(this.boxes[0].width, this.boxes[0].height);
    this.canvas.classList.toggle("enlarged", !this.view.isWhole);
    this.panes.forEach((pane, index) => this.#drawPane(context, pane, this.boxes[index]));
  }

  #drawPane(context, pane, box) {
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.width, box.height);
    context.clip();
    context.fillRect(box.left, box.top, box.width, box.height);
    context.translate(box.left, box.top);
    context.imageSmoothingEnabled = this.view.scale < SMOOTH_UNTIL;
    const whole = { left: 0, top: 0, width: this.view.width, height: this.view.height };
    if (!pane.bare) this.#drawRegion(context, this.bitmap, whole);
    if (pane.layer) {
      context.globalAlpha = pane.layer.opacity;
      context.imageSmoothingEnabled = true;
      this.#drawRegion(context, pane.layer.picture, pane.layer.region);
      context.globalAlpha = 1;
      this.#drawFrame(context, pane.layer.region);
    }
    if (this.panes.length > 1) this.#drawMark(context);
    if (pane.title) caption(context, pane.title);
    context.restore();
  }

  #drawRegion(context, picture, { left, top, width, height }) {
    const start = this.view.toPane(left, top);
    context.drawImage(picture, start.left, start.top, width * this.view.scale, height * this.view.scale);
  }

  /** Outline of the region that the network saw, unless it is the whole image. */
  #drawFrame(context, { left, top, width, height }) {
    if (width >= this.view.width && height >= this.view.height) return;
    const start = this.view.toPane(left, top);
    context.setLineDash(DASH_PX);
    context.strokeStyle = "#fff8";
    context.strokeRect(start.left, start.top, width * this.view.scale, height * this.view.scale);
    context.setLineDash([]);
  }

  /** Mark the point under the pointer in every pane. */
  #drawMark(context) {
    if (!this.mark) return;
    const { left, top } = this.view.toPane(this.mark.x, this.mark.y);
    for (const [colour, width] of [["#000a", 3], ["#fff", 1]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.beginPath();
      context.moveTo(left - MARK_PX, top);
      context.lineTo(left + MARK_PX, top);
      context.moveTo(left, top - MARK_PX);
      context.lineTo(left, top + MARK_PX);
      context.stroke();
    }
  }
}

function caption(context, text) {
  context.font = `600 ${CAPTION_PX}px system-ui, sans-serif`;
  const width = context.measureText(text).width;
  context.fillStyle = "#000b";
  context.fillRect(0, 0, width + 16, CAPTION_PX + 11);
  context.fillStyle = "#fff";
  context.textBaseline = "top";
  context.fillText(text, 8, 6);
}

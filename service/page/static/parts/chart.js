// A line chart in SVG, redrawn when its container changes size.
import { svgElement, element } from "./element.js";

const MARGIN = { left: 54, right: 12, top: 10, bottom: 38 };
const HEIGHT = 300;
const TICKS = 5; // approximate number on an axis
const STEPS = [0.05, 0.1, 0.2, 0.25, 0.5];
const CLOSEST_PX = 0.35; // points closer to the previous one are not drawn

/**
 * Lines {name, className, dashed, dots, x, y} over x in `xRange` and y in `yRange`; `bands` are {x0, x1, low, high}.
 * `xTicks` are [x, text] pairs. `onpoint` is called with the x under the pointer.
 */
export class Chart {
  constructor({ label, xLabel, yLabel, onpoint = null }) {
    Object.assign(this, { xLabel, yLabel, content: null, marker: null });
    this.svg = svgElement("svg", { class: "chart", role: "img", "aria-label": label, height: HEIGHT });
    this.node = element("div", { class: "chart-box" }, this.svg);
    new ResizeObserver(() => this.#draw()).observe(this.node);
    if (!onpoint) return;
    this.svg.addEventListener("pointermove", (event) => onpoint(this.#valueAt(event)));
    this.svg.addEventListener("pointerdown", (event) => onpoint(this.#valueAt(event)));
  }

  /** Draw the given lines, bands and ranges. */
  show(content) {
    this.content = { bands: [], xTicks: null, ...content };
    this.#draw();
  }

  /** Mark a position on the x axis; null removes the mark. */
  mark(x) {
    this.marker = x;
    this.#placeMarker();
  }

  get #width() {
    return Math.max(this.node.clientWidth, 200);
  }

  #x(value) {
    const [low, high] = this.content.xRange;
    return MARGIN.left + ((value - low) / (high - low)) * (this.#width - MARGIN.left - MARGIN.right);
  }

  #y(value) {
    const [low, high] = this.content.yRange;
    return HEIGHT - MARGIN.bottom - ((value - low) / (high - low)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  }

  #valueAt(event) {
    const [low, high] = this.content.xRange;
    const share = (event.offsetX - MARGIN.left) / (this.#width - MARGIN.left - MARGIN.right);
    return low + Math.min(1, Math.max(0, share)) * (high - low);
  }

  #draw() {
    if (!this.content || !this.node.clientWidth) return;
    const { lines, bands } = this.content;
    this.svg.setAttribute("viewBox", `0 0 ${this.#width} ${HEIGHT}`);
    this.cursor = svgElement("line", { class: "cursor", y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom });
    this.svg.replaceChildren(...this.#axes(), ...bands.map((band) => this.#band(band)), ...lines.flatMap((line) => this.#line(line)), this.cursor);
    this.#placeMarker();
  }

  #axes() {
    const { xRange, yRange, xTicks } = this.content;
    const [left, right, bottom] = [MARGIN.left, this.#width - MARGIN.right, HEIGHT - MARGIN.bottom];
    const across = xTicks ?? even(xRange).map((value) => [value, tidy(value)]);
    return [
      ...even(yRange).flatMap((value) => [
        svgElement("line", { class: "grid", x1: left, x2: right, y1: this.#y(value), y2: this.#y(value) }),
        svgElement("text", { x: left - 6, y: this.#y(value) + 4, "text-anchor": "end" }, tidy(value))]),
      ...across.map(([value, text]) => svgElement("text", { x: this.#x(value), y: bottom + 16, "text-anchor": "middle" }, text)),
      yRange[0] < 0 && svgElement("line", { class: "zero", x1: left, x2: right, y1: this.#y(0), y2: this.#y(0) }),
      svgElement("text", { x: (left + right) / 2, y: HEIGHT - 4, "text-anchor": "middle", class: "axis" }, this.xLabel),
      svgElement("text", { transform: `translate(12 ${(MARGIN.top + bottom) / 2}) rotate(-90)`, "text-anchor": "middle", class: "axis" }, this.yLabel),
    ].filter(Boolean);
  }

  #band({ x0, x1, low, high }) {
    const node = svgElement("rect", { class: "band", x: this.#x(x0), width: this.#x(x1) - this.#x(x0), y: this.#y(high), height: Math.max(1, this.#y(low) - this.#y(high)) });
    node.append(svgElement("title", {}, `random band: ${tidy(low)} to ${tidy(high)}`));
    return node;
  }

  #line({ name, className, dashed, dots, x, y, low, high }) {
    let last = -Infinity;
    const points = [];
    for (let i = 0; i < x.length; i += 1) {
      const place = this.#x(x[i]);
      if (place - last < CLOSEST_PX && i < x.length - 1) continue;
      points.push(`${place.toFixed(1)} ${this.#y(y[i]).toFixed(1)}`);
      last = place;
    }
    const path = svgElement("path", { class: `line ${className}${dashed ? " dashed" : ""}`, d: `M${points.join("L")}` });
    path.append(svgElement("title", {}, name));
    if (!dots) return [path];
    const interval = (value, index) => low && svgElement("line", { class: `interval ${className}`, x1: this.#x(value), x2: this.#x(value), y1: this.#y(low[index]), y2: this.#y(high[index]) });
    return [path, ...x.map(interval).filter(Boolean), ...x.map((value, index) => svgElement("circle", { class: className, cx: this.#x(value), cy: this.#y(y[index]), r: 4.5 }))];
  }

  #placeMarker() {
    if (!this.cursor) return;
    this.cursor.classList.toggle("shown", this.marker !== null);
    if (this.marker === null) return;
    this.cursor.setAttribute("x1", this.#x(this.marker));
    this.cursor.setAttribute("x2", this.#x(this.marker));
  }
}

/** Evenly spaced round values within a range, about TICKS of them. */
function even([low, high]) {
  const step = STEPS.find((size) => (high - low) / size <= TICKS) ?? 1;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, index) => (first + index) * step);
}

/** A number with at most two decimals. */
function tidy(value) {
  return String(Number(value.toFixed(2))).replace("-", "−");
}

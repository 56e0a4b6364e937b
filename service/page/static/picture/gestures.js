// Wheel, drag, pinch and keys on a viewer.

const WHEEL = 0.0015; // per pixel that the wheel says it turned
const LINE_PX = 16;
const STEP = 1.4; // of a key or button
const PAN_PX = 48;
const KEYS = {
  "+": (viewer) => viewer.zoom(STEP),
  "=": (viewer) => viewer.zoom(STEP),
  "-": (viewer) => viewer.zoom(1 / STEP),
  "0": (viewer) => viewer.fit(),
  ArrowLeft: (viewer) => viewer.pan(PAN_PX, 0),
  ArrowRight: (viewer) => viewer.pan(-PAN_PX, 0),
  ArrowUp: (viewer) => viewer.pan(0, PAN_PX),
  ArrowDown: (viewer) => viewer.pan(0, -PAN_PX),
};

/** Let a person move what a viewer shows. */
export function attachGestures(canvas, viewer) {
  const fingers = new Map(); // by pointer id: where each is on the canvas
  const place = (event) => ({ left: event.offsetX, top: event.offsetY });

  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const turned = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1);
    viewer.zoom(Math.exp(-turned * WHEEL * (event.ctrlKey ? 4 : 1)), place(event));
  }, { passive: false });

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, place(event));
    viewer.point(place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    viewer.point(place(event));
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    const now = place(event);
    if (other) pinch(viewer, before, now, other);
    else viewer.pan(now.left - before.left, now.top - before.top);
    fingers.set(event.pointerId, now);
  });
  const lift = (event) => fingers.delete(event.pointerId);
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("pointerleave", () => viewer.point(null));
  canvas.addEventListener("dblclick", (event) => (viewer.view.isWhole ? viewer.zoom(STEP ** 3, place(event)) : viewer.fit()));

  canvas.addEventListener("keydown", (event) => {
    const act = KEYS[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act(viewer);
    viewer.pointAtMiddle();
  });
}

/** One of two fingers moved: the image follows the middle between them, and grows with their distance. */
function pinch(viewer, before, now, other) {
  const distance = (finger) => Math.hypot(finger.left - other.left, finger.top - other.top);
  viewer.pan((now.left - before.left) / 2, (now.top - before.top) / 2);
  const middle = { left: (now.left + other.left) / 2, top: (now.top + other.top) / 2 };
  if (distance(before) > 0) viewer.zoom(distance(now) / distance(before), middle);
}

/** What the zoom buttons do. */
export const zoomStep = STEP;

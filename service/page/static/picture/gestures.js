// Mouse, touch and keyboard control of a viewer.

const WHEEL = 0.0015; // log of the zoom factor per pixel of wheel movement
const LINE_PX = 16;
export const ZOOM_STEP = 1.4; // factor per key press or click
const PAN_PX = 48;
const KEYS = {
  "+": (viewer) => viewer.zoom(ZOOM_STEP),
  "=": (viewer) => viewer.zoom(ZOOM_STEP),
  "-": (viewer) => viewer.zoom(1 / ZOOM_STEP),
  "0": (viewer) => viewer.fit(),
  ArrowLeft: (viewer) => viewer.pan(PAN_PX, 0),
  ArrowRight: (viewer) => viewer.pan(-PAN_PX, 0),
  ArrowUp: (viewer) => viewer.pan(0, PAN_PX),
  ArrowDown: (viewer) => viewer.pan(0, -PAN_PX),
};

/** Attach the event listeners that zoom, move and point. */
export function attachGestures(canvas, viewer) {
  const fingers = new Map(); // pointer id -> position on the canvas
  const position = (event) => ({ left: event.offsetX, top: event.offsetY });

  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const turned = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1);
    viewer.zoom(Math.exp(-turned * WHEEL * (event.ctrlKey ? 4 : 1)), position(event));
  }, { passive: false });

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, position(event));
    viewer.point(position(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    viewer.point(position(event));
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    const now = position(event);
    if (other) pinch(viewer, before, now, other);
    else viewer.pan(now.left - before.left, now.top - before.top);
    fingers.set(event.pointerId, now);
  });
  const lift = (event) => fingers.delete(event.pointerId);
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("pointerleave", () => viewer.point(null));
  canvas.addEventListener("dblclick", (event) => (viewer.view.isWhole ? viewer.zoom(ZOOM_STEP ** 3, position(event)) : viewer.fit()));

  canvas.addEventListener("keydown", (event) => {
    const act = KEYS[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act(viewer);
    viewer.pointAtMiddle();
  });
}

/** Apply the movement of one of two fingers: the image follows their midpoint and is scaled with their distance. */
function pinch(viewer, before, now, other) {
  const distance = (finger) => Math.hypot(finger.left - other.left, finger.top - other.top);
  viewer.pan((now.left - before.left) / 2, (now.top - before.top) / 2);
  const middle = { left: (now.left + other.left) / 2, top: (now.top + other.top) / 2 };
  if (distance(before) > 0) viewer.zoom(distance(now) / distance(before), middle);
}

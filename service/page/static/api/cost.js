// The number of forward passes that an evaluation needs, counted as the service counts them.

const SHARE = 5; // step "auto" measures at most one in SHARE counts,
const AT_LEAST = 48; // but at least this many
const COUNTS = 100; // approximate number of counts where the authors give no step
const AUTHORS_STEPS = { // input side in px -> patch size -> step
  224: { 1: 500, 2: 100, 4: 20, 8: 10, 16: 5, 32: 1 },
  512: { 1: 10000, 2: 2500, 4: 500, 8: 100, 16: 20, 32: 10, 64: 5, 128: 1 },
};

/** Estimate the forward passes of a request for an input {height, width}. */
export function forwards({ methods, patchSizes, protocol, step, riseMasks, randomOrders }, input) {
  const counts = patchSizes.map((m) => points(m, protocol, step, input));
  const curves = 2 * counts.reduce((sum, count) => sum + count, 0);
  const maps = methods.reduce((sum, method) => sum + (method === "rise" ? riseMasks : 1), 0);
  return maps + (methods.length + randomOrders) * curves;
}

/** The number of points of a curve. */
function points(m, protocol, step, { height, width }) {
  const patches = Math.ceil(height / m) * Math.ceil(width / m);
  if (step === "auto" && protocol === "paper") return Math.min(patches + 1, Math.max(AT_LEAST, Math.floor(patches / SHARE)));
  const named = height === width ? AUTHORS_STEPS[height]?.[m] : undefined;
  const stride = typeof step === "number" ? step : named ?? Math.max(1, Math.floor(patches / COUNTS));
  return Math.ceil(patches / stride) + (protocol === "paper" ? 1 : 0);
}

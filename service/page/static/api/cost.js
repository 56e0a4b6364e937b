// What an evaluation will cost: forwards of the network, as the service counts them, and seconds by what was timed.

const SHARE = 5; // the adaptive counts are at most one in so many
const AT_LEAST = 48;
const COUNTS = 100; // about, where the authors name no step
const AUTHORS_STEPS = {
  224: { 1: 500, 2: 100, 4: 20, 8: 10, 16: 5, 32: 1 },
  512: { 1: 10000, 2: 2500, 4: 500, 8: 100, 16: 20, 32: 10, 64: 5, 128: 1 },
};

/** About how many forwards a request needs at an input {height, width}. */
export function forwards({ methods, patchSizes, protocol, step, riseMasks, randomOrders }, input) {
  const counts = patchSizes.map((m) => points(m, protocol, step, input));
  const curves = 2 * counts.reduce((sum, count) => sum + count, 0);
  const maps = methods.reduce((sum, method) => sum + (method === "rise" ? riseMasks : 1), 0);
  return maps + (methods.length + randomOrders) * curves;
}

/** How many counts a curve has. */
function points(m, protocol, step, { height, width }) {
  const patches = Math.ceil(height / m) * Math.ceil(width / m);
  if (step === "auto" && protocol === "paper") return Math.min(patches + 1, Math.max(AT_LEAST, Math.floor(patches / SHARE)));
  const named = height === width ? AUTHORS_STEPS[height]?.[m] : undefined;
  const stride = typeof step === "number" ? step : named ?? Math.max(1, Math.floor(patches / COUNTS));
  return Math.ceil(patches / stride) + (protocol === "paper" ? 1 : 0);
}

/** A time as people say it. */
export function duration(seconds) {
  if (seconds < 1.5) return "a second";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

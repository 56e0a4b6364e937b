// The methods of explanation, in words and in colours.

export const METHODS = {
  attention: ["Attention", "what gated the network's features (LABN's own)"],
  lambda_attention: ["Lambda attention", "the context of a lambda layer"],
  rise: ["RISE", "thousands of masked images: slow, a black box's view"],
  grad_cam: ["Grad-CAM", "gradients at the last features"],
  random: ["Random", "noise: what chance gives"],
  edges: ["Edges", "an edge detector that knows no network"],
};

/** How a method is called. */
export function methodName(method) {
  return METHODS[method]?.[0] ?? method;
}

/** The class that gives a method its colour, the same wherever it is drawn. */
export function seriesClass(method) {
  return `series-${Math.max(0, Object.keys(METHODS).indexOf(method)) % 6}`;
}

/** A stage of a job, such as "grad_cam: m = 16", in words. */
export function stageName(stage) {
  const [first, ...rest] = stage.split(": ");
  const name = methodName(first);
  return [name[0].toUpperCase() + name.slice(1), ...rest].join(": ");
}

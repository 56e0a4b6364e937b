// Display names and colours of explanation methods; patch sizes and job stages as text.

export const METHODS = {
  attention: ["Attention", "the map that gates the network's features (LABN only)"],
  lambda_attention: ["Lambda attention", "context of a lambda layer"],
  rise: ["RISE", "thousands of randomly masked images; needs no access to the network's internals; slow"],
  grad_cam: ["Grad-CAM", "gradients at the last feature maps"],
  random: ["Random", "random values, for comparison with chance"],
  edges: ["Edges", "edge detector that ignores the network, for comparison"],
};

/** The display name of a method. */
export function methodName(method) {
  return METHODS[method]?.[0] ?? method;
}

/** The CSS class that gives a method the same colour everywhere. */
export function seriesClass(method) {
  return `series-${Math.max(0, Object.keys(METHODS).indexOf(method)) % 6}`;
}

/** Patch sizes as text: "patch sizes 8, 16". */
export function patchSizesText(sizes) {
  return `patch size${sizes.length > 1 ? "s" : ""} ${sizes.join(", ")}`;
}

/** A job's stage for display: "grad_cam: m = 16" becomes "Grad-CAM: patch size 16". */
export function stageName(stage) {
  const [first, ...rest] = stage.replace(/\bm = (?=\d)/, "patch size ").split(": ");
  const name = methodName(first);
  return [name[0].toUpperCase() + name.slice(1), ...rest].join(": ");
}

// What outlives a change of the page: the image a person looks at, and its prediction.

export const session = { prediction: null, model: null, method: "attention", inferMs: null, evaluated: null };

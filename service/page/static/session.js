// State that survives a change of page: the last prediction and its settings, and the last submitted evaluation.

export const session = { prediction: null, model: null, method: "attention", inferMs: null, evaluated: null };

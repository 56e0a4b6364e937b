// Every problem of the API in words a person understands, with what to do.

const ADVICE = {
  "unreachable": ["The service does not answer",
    "Is it still running? Start it with make serve, and try again: nothing of yours is lost."],
  "unreadable": ["This file cannot be shown here", "Choose a JPEG, PNG, WebP, TIFF or BMP image."],
  "not-an-image": ["This is no image", "Drop a JPEG, PNG, WebP, TIFF or BMP file, one at a time."],
  "updated": ["The service has been updated", "Reload this page to get the version that fits it."],
  "malformed-request": ["The service did not find an image in the request",
    "Choose the file again; if it is on a network drive, copy it to this computer first."],
  "wrong-key": ["The service asks for a key", "Enter the API key that its operator gave you."],
  "missing-scope": ["Your key does not allow this", "Ask the operator for a key that does."],
  "keys-needed": ["The service answers only its own machine so far",
    "Its operator has to make API keys, or to open it to everybody."],
  "unknown-model": ["That model is not served any more", "Choose another model, or reload the page."],
  "not-found": ["There is nothing of that name any more",
    "Results are kept for a limited time. Go back to the list, or evaluate the image again."],
  "upload-too-slow": ["The upload took too long", "Try again on a faster connection, or with a smaller file."],
  "body-too-large": ["The file is too large", "Save it as JPEG or scale it down, then drop it again."],
  "unsupported-image": ["This is no image type that is read here",
    "Use a JPEG, PNG, WebP, TIFF or BMP. DICOM and RAW files have to be exported to one of them first."],
  "broken-image": ["The image is damaged",
    "It begins like an image but does not decode. Copy or export it again from where it came from."],
  "mask-misfit": ["The mask does not fit the image",
    "It has to show the whole image, at any size: choose the mask of this very image, or go on without one."],
  "too-many-pixels": ["The image has too many pixels", "Scale it down; the network looks at a small version anyway."],
  "bad-set": ["The zip cannot be used as a set",
    "It needs images and a labels.csv with the columns file,label[,mask]. Mend what is named above."],
  "set-too-large": ["The set has more images than may wait", "Send it in parts."],
  "bad-parameter": ["A setting cannot be used", "Change what is named above, and start again."],
  "non-finite-output": ["The network gave no number for this image",
    "It is too unlike the images that it was trained on. Try a photograph of the kind it knows."],
  "key-reused": ["This request was sent before with other contents", "Reload the page and start again."],
  "unknown-evaluation": ["This evaluation is not kept any more",
    "Results are kept for a limited time. Evaluate the image again: the same request gives the same result."],
  "not-there": ["This part of the result is not kept any more", "Evaluate the image again to get it back."],
  "not-finished": ["It is not finished yet", "Wait for it to end: this page shows how far it is."],
  "upload-missing": ["The image is not kept any more", "Send the image again; uploads are kept for a limited time."],
  "method-not-allowed": ["The service and this page do not fit", "Reload this page."],
  "client-gone": ["The connection was cut", "Try again."],
  "queue-full": ["The service is busy", "Others are waiting too. Try again in a moment."],
  "rate-limited": ["Your key has asked too often", "It may ask again in a moment."],
  "not-ready": ["The service is just starting", "It will be ready in a few seconds. Try again."],
  "too-many-evaluations": ["Too many evaluations wait already",
    "Wait for some to end, or cancel one of yours. Predictions still work."],
  "queue-away": ["The job queue does not answer",
    "Predictions still work. Evaluations and sets come back with Redis: try again, or ask the operator to start it."],
  "no-queue": ["Only predictions are served here",
    "For evaluations the service needs Redis and a worker: make serve starts all three."],
  "unexpected": ["Something went wrong in the service",
    "It is not your image's fault and has been logged. Try again; if it stays, tell the operator the request below."],
};
const OTHERWISE = ["The service could not do that", "Try again; if it stays, look at the Service page."];

/** Title and what to do for a problem, or for any other error. */
export function advise(error) {
  const [title, todo] = ADVICE[error.kind] ?? [error.title || OTHERWISE[0], OTHERWISE[1]];
  const wait = error.isPassing && error.retryAfter ? ` The service suggests to wait ${error.retryAfter} s.` : "";
  return { title, todo: todo + wait };
}


// Problems of the API in plain words: a title, and what the user can do.

const TEXTS = {
  "unreachable": ["The service does not answer",
    "Check that it is running (make serve starts it), then try again. Your image is still here."],
  "unreadable": ["This file cannot be displayed", "Choose a JPEG, PNG, WebP, TIFF or BMP image."],
  "not-an-image": ["One image at a time", "Drop a single JPEG, PNG, WebP, TIFF or BMP file."],
  "updated": ["The service has been updated", "Reload this page to load the matching version."],
  "malformed-request": ["The request contained no image",
    "Choose the file again. If it is on a network drive, copy it to this computer first."],
  "wrong-key": ["An API key is required", "Enter the API key that you received from the operator."],
  "missing-scope": ["Your API key does not permit this", "Ask the operator for a key with the required scope."],
  "keys-needed": ["The service only accepts connections from its own machine",
    "The operator must create API keys or allow open access before other machines can connect."],
  "unknown-model": ["This model is no longer served", "Choose another model, or reload the page."],
  "not-found": ["Not found",
    "The address may be wrong, or the result has been deleted: results are kept for a limited time."],
  "upload-too-slow": ["The upload took too long", "Use a faster connection or a smaller file."],
  "body-too-large": ["The file is too large", "Save it as JPEG or scale it down, then try again."],
  "unsupported-image": ["This file type is not supported",
    "Use JPEG, PNG, WebP, TIFF or BMP. Export DICOM and RAW files to one of these formats first."],
  "broken-image": ["The image is damaged",
    "The file starts like an image but cannot be decoded. Copy or export it again from the original."],
  "mask-misfit": ["The mask does not fit the image",
    "The mask must cover the whole image and have the same proportions; its resolution may differ. Choose another mask or remove it."],
  "too-many-pixels": ["The image has too many pixels", "Scale it down. The network works on a reduced version in any case."],
  "bad-set": ["The zip file is not a valid set",
    "It must contain images and a labels.csv with the columns file,label[,mask]. Correct the error above and try again."],
  "set-too-large": ["The set exceeds the limit on waiting images", "Split it into smaller sets."],
  "bad-parameter": ["A setting is not valid", "Correct the setting named above and try again."],
  "non-finite-output": ["The network could not compute a result for this image",
    "Its output was not a finite number: the image differs too much from the training images. Try an image like those."],
  "key-reused": ["This request was sent before with different contents", "Reload the page and try again."],
  "unknown-evaluation": ["This evaluation is no longer available",
    "Results are kept for a limited time. Submit the image again: the same request gives the same result."],
  "not-there": ["This part of the result is no longer available", "Submit the image again to recreate it."],
  "not-finished": ["The job has not finished yet", "Wait until it ends; this page shows its progress."],
  "upload-missing": ["The image is no longer stored", "Uploads are kept for a limited time. Send the image again."],
  "method-not-allowed": ["This page does not match the service", "Reload the page."],
  "client-gone": ["The connection was interrupted", "Try again."],
  "queue-full": ["The service is busy", "Too many requests are in progress. Try again in a moment."],
  "rate-limited": ["Too many requests with your API key", "Wait a moment, then try again."],
  "not-ready": ["The service is starting", "It will be ready in a few seconds. Try again."],
  "too-many-evaluations": ["Too many evaluations are waiting",
    "Wait until some have finished, or cancel one of yours. Predictions still work."],
  "queue-away": ["The job queue is not available",
    "Predictions still work. Evaluations and sets need Redis: try again later, or ask the operator to start it."],
  "no-queue": ["This service only makes predictions",
    "Evaluations need Redis and a worker: make serve starts all three."],
  "unexpected": ["The service encountered an internal error",
    "The error has been logged. Try again. If it recurs, send the operator the request ID below."],
};
const OTHERWISE = ["The request failed", "Try again. If the problem persists, see the Service page."];

/** Title and advice for a Problem or any other error. */
export function problemTexts(error) {
  const [title, advice] = TEXTS[error.kind] ?? [error.title || OTHERWISE[0], OTHERWISE[1]];
  const wait = error.isTemporary && error.retryAfter ? ` The service suggests waiting ${error.retryAfter} s.` : "";
  return { title, advice: advice + wait };
}

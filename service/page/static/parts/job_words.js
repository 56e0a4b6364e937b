// Why a job failed, in words.

const WORDS = {
  worker_lost: ["The workers that ran it vanished", "Each try ended with the worker. Look at the Service page, then run it again."],
  job_timed_out: ["It took longer than is allowed", "Choose fewer methods, larger patches or fewer RISE masks."],
  out_of_memory: ["The worker ran out of memory", "Run it again when less is going on, or on a larger machine."],
  device_failed: ["The worker's device failed", "The worker starts anew by itself. Run it again."],
  upload_missing: ["The image was no longer there when its turn came", "Send it again."],
  model_missing: ["The worker has no such model", "The worker needs the same checkpoints as the service: tell its operator."],
  broken_image: ["The image is damaged", "Copy or export it again from where it came from."],
  mask_misfit: ["The mask does not fit the image", "Choose the mask of this very image, or go on without one."],
  non_finite_output: ["The network gave no number for this image", "It is too unlike the images that it was trained on."],
  metric_error: ["It cannot be measured in this way", "Change what is named above."],
};
const OTHERWISE = ["It failed", "Run it again; if it stays, tell the operator."];

/** Title and what to do for the error of a job. */
export function jobWords({ type }) {
  const [title, todo] = WORDS[type] ?? OTHERWISE;
  return { title, todo };
}

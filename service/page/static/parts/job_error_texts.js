// Reasons for which a job failed, in plain words.

const TEXTS = {
  worker_lost: ["The worker stopped unexpectedly", "Every attempt ended because the worker process died. See the Service page, then run the job again."],
  job_timed_out: ["The time limit was exceeded", "Choose fewer methods, larger patches or fewer RISE masks."],
  out_of_memory: ["The worker ran out of memory", "Run it again when the machine is less busy, or use a larger machine."],
  device_failed: ["The worker's device failed", "The worker restarts by itself. Run the job again."],
  upload_missing: ["The image was deleted before the job started", "Send the image again."],
  model_missing: ["The worker does not have this model", "The worker needs the same checkpoints as the service. Tell the operator."],
  broken_image: ["The image is damaged", "Copy or export it again from the original."],
  mask_misfit: ["The mask does not fit the image", "Choose the mask of this image, or remove it."],
  non_finite_output: ["The network could not compute a result for this image", "The image differs too much from the training images."],
  metric_error: ["The scores cannot be computed with these settings", "Correct the setting named above."],
};
const OTHERWISE = ["The job failed", "Run it again. If it fails again, tell the operator."];

/** Title and advice for the error of a job. */
export function jobErrorTexts({ type }) {
  const [title, advice] = TEXTS[type] ?? OTHERWISE;
  return { title, advice };
}

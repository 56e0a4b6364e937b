"""/v1/evaluations: explanations of one image and their PID scores, as background jobs."""

"""/v1/evaluation-sets: many images evaluated with the same parameters, as background jobs."""

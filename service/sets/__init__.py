"""/v1/evaluation-sets: many images evaluated alike."""

"""HTTP service: classifies images, explains the answer with an attention heatmap, and queues evaluations."""

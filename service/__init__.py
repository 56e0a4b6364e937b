"""The HTTP service: an image in, class probabilities and a thresholded attention heatmap out."""

"""POST /v1/predictions: an image in, class probabilities and an attention map out."""

"""POST /v1/predictions: classify an image and explain it with the network's attention."""

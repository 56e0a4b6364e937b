"""Sets of images: one job an image, then an aggregation."""

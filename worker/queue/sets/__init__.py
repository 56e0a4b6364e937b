"""Sets of images: one evaluation per image, then an aggregation into tables."""

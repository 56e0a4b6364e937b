"""Job functions: evaluate an image, make the tables of a set."""

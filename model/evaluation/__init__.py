"""Evaluations: what methods of explanation are worth on an image, and on a set of images."""

"""Evaluation of explanation methods on one image and on sets of images."""

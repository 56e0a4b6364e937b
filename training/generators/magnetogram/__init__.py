"""Synthetic full-disk magnetograms with exact masks of the flaring core."""

"""Ablations and reports in the layout of the paper's tables."""

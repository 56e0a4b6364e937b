"""Ablations and reports beside the paper's tables."""

"""Explanation methods, one file each; their common interface is in `explainer.py`."""

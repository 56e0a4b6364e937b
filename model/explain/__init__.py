"""Explanation methods, one file a method; `explainer.py` says what they have in common."""

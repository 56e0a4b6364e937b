"""Scores of many images as tables."""

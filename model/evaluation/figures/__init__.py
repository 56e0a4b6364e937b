"""Scores and maps as pictures."""

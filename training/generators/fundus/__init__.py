"""Synthetic fundus photographs with exact lesion masks."""

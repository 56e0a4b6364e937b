"""Generators of synthetic images with exact masks."""

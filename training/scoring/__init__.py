"""Figures of trained checkpoints: classification, explanations and model cards."""

"""Offline training of checkpoints: data, augmentation, loss, optimiser and training loop."""

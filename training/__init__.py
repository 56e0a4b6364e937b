"""Makes checkpoints: data, augmentation, loss, optimiser and the loop. Runs offline."""

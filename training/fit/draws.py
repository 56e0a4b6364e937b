"""Random numbers of augmentation, a row an image, whichever process augments it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor


@dataclass(frozen=True)
class Draws:
    """Uniform numbers; where processes share a batch, each takes the rows of its own images."""

    generator: Generator
    total: int | None = None  # images of the whole batch; None: all are at hand
    first: int = 0  # place of the first image at hand

    def uniform(self, n: int, *shape: int) -> Tensor:
        """Draw the next numbers in 0..1 for the n images at hand: (n, *shape)."""
        return torch.rand(self.total or n, *shape, generator=self.generator)[self.first : self.first + n]

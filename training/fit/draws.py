"""Random numbers of augmentation: one row per image, independent of the number of processes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor


@dataclass(frozen=True)
class Draws:
    """Uniform random numbers. Processes that share a batch each take the rows of their own images."""

    generator: Generator
    total: int | None = None  # images of the whole batch; None: this process has all
    first: int = 0  # index of this process's first image

    def uniform(self, n: int, *shape: int) -> Tensor:
        """Draw the next numbers in 0..1 for this process's n images: (n, *shape)."""
        return torch.rand(self.total or n, *shape, generator=self.generator)[self.first : self.first + n]

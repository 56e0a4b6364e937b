"""Images read on access, for data sets larger than memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class LazyImages:
    """Stand-in for a tensor (N, C, H, W) that supports the indexing of the training loop."""

    count: int  # N
    load: Callable[[int], Tensor]  # index 0..N-1 -> (C, H, W); called from several threads

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, places: Tensor | slice) -> Tensor:
        """Read the images at the given indices: (n, C, H, W)."""
        chosen = range(self.count)[places] if isinstance(places, slice) else places.tolist()
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return torch.stack(list(pool.map(self.load, chosen)))

    def split(self, size: int) -> Iterator[Tensor]:
        """Yield the images in order, in batches of `size`."""
        for start in range(0, self.count, size):
            yield self[start : start + size]

"""Local contrast normalisation before the stem; removes slow variations of illumination."""

from __future__ import annotations

from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FLOOR = 0.05  # deviation, in the network's units, under which a window counts as flat


class LocalContrast(nn.Module):
    """(x - mean) / deviation over a square window around every pixel, each channel alone; no parameters.

    A small spot then looks the same in a bright and in a dark photograph, as after the local normalisation
    that fundus images are often given beforehand. Inside the network it also sees what PID puts in or out.
    """

    def __init__(self, window: int) -> None:
        super().__init__()
        self.window = window  # px, odd

    def forward(self, images: Tensor) -> Tensor:
        """Normalise images (N, C, H, W); windows reach past the border into copies of its pixels."""
        difference = images - self._mean(images)
        variance = self._mean(difference * difference)
        return difference / torch.sqrt(variance + FLOOR**2)

    def _mean(self, images: Tensor) -> Tensor:
        """Average over the window, first along columns, then along rows."""
        reach = self.window // 2
        padded = F.pad(images, (reach, reach, reach, reach), mode="replicate")
        return sums(sums(padded, self.window, -2), self.window, -1) / self.window**2


def sums(values: Tensor, window: int, dim: int) -> Tensor:
    """Return the sums of `window` neighbours along a dimension of n values: n - window + 1 of them.

    Sums of 1, 2, 4, 8, ... neighbours are each two of the size before; the window is put together of those in
    its binary digits, 17 = 1 + 16. On a CPU that is some six times as fast as a depthwise convolution.
    """
    count = values.shape[dim] - window + 1
    parts: list[Tensor] = []
    size, reached = 1, 0  # neighbours in a sum of `values`, and in the parts
    while reached < window:
        if window & size:
            parts.append(values.narrow(dim, reached, count))
            reached += size
        if reached < window:
            left = values.shape[dim] - size
            values = values.narrow(dim, 0, left) + values.narrow(dim, size, left)
            size *= 2
    return reduce(torch.add, parts)

"""Local contrast in front of the stem: what light and camera change slowly over the image is taken out."""

from __future__ import annotations

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
        """Average over the window, first along rows, then along columns."""
        channels, reach = images.shape[1], self.window // 2
        padded = F.pad(images, (reach, reach, reach, reach), mode="replicate")
        row = images.new_full((channels, 1, 1, self.window), 1 / self.window)
        return F.conv2d(F.conv2d(padded, row, groups=channels), row.mT, groups=channels)

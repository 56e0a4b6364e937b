"""Check whether an image resembles the training set, by ranges of a few features stored in the checkpoint."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from model.config import Document

MARGIN = 0.25  # of the training range, tolerated on both sides
ROW_STEP = 4  # every fourth row tells as much, in a quarter of the time
CORNER = 0.05  # of the sides
CHANNEL_NAMES = {1: ("grey",), 3: ("red", "green", "blue")}


@dataclass(frozen=True, kw_only=True)
class InputStatistics(Document):
    """Range of each feature that contains 99 % of the training images; pixel values in 0..1."""

    names: tuple[str, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def unusual(self, image: Tensor) -> list[str]:
        """Describe the features of an image (C, H, W) in 0..1 that lie clearly outside; empty if none."""
        sentences = []
        for name, low, high, value in zip(self.names, self.low, self.high, features(image[None])[0], strict=True):
            margin = MARGIN * (high - low) + 1e-3
            if not low - margin <= float(value) <= high + margin:
                sentences.append(
                    f"This image is unlike the training set: {name} is {float(value):.3f}, "
                    f"where training images have {low:.3f} to {high:.3f}."
                )
        return sentences


def input_statistics(images: Tensor) -> InputStatistics:
    """Measure training images (N, C, H, W) in 0..1."""
    values = features(images)
    low, high = torch.quantile(values, torch.tensor([0.005, 0.995], dtype=values.dtype), dim=0)
    names = feature_names(images.shape[1])
    return InputStatistics(names=names, low=tuple(low.tolist()), high=tuple(high.tolist()))


def feature_names(channels: int) -> tuple[str, ...]:
    """Name the columns of `features`."""
    colors = CHANNEL_NAMES[channels]
    means = tuple(f"mean {color}" for color in colors)
    return (*means, *(f"contrast of {color}" for color in colors), "brightness of the corners", "fine detail")


def features(images: Tensor) -> Tensor:
    """Measure images (N, C, H, W) in 0..1: channel means and deviations, corners, fine detail: (N, 2 C + 2)."""
    images = images[..., ::ROW_STEP, :]
    height, width = images.shape[-2:]
    h, w = max(1, round(CORNER * height)), max(1, round(CORNER * width))
    corners = [images[..., rows, columns] for rows in _ends(h) for columns in _ends(w)]
    corner = torch.stack([part.mean(dim=(1, 2, 3)) for part in corners]).mean(dim=0)
    steps = (images[..., :, 1:] - images[..., :, :-1]).abs()
    detail = steps.mean(dim=(1, 2, 3)) if width > 1 else torch.zeros(len(images))
    deviations = images.std(dim=(2, 3), correction=0)
    return torch.cat([images.mean(dim=(2, 3)), deviations, corner[:, None], detail[:, None]], dim=1)


def _ends(n: int) -> tuple[slice, slice]:
    return slice(0, n), slice(-n, None)

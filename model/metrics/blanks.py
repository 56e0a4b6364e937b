"""Blanks, which replace removed patches: images (C, H, W), normalised."""

from __future__ import annotations

import math
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor

from model.config import Preprocessing
from model.errors import MetricError
from model.images.normalisation import normalise

Blank = Literal["black", "mean", "blur"]

BLUR_PX = 10.0  # standard deviation: Fong and Vedaldi (ICCV 2017) for images of 224 px


def blank_image(kind: Blank, image: Tensor, preprocessing: Preprocessing) -> Tensor:
    """Return the blank of that kind for an image (C, H, W), normalised.

    "black" is 0 in raw pixels, as in the paper; "mean" the training set's mean colour; "blur" the image blurred.

    Raises:
        MetricError: no such kind.
    """
    if kind == "black":
        return normalise(torch.zeros_like(image), preprocessing)
    if kind == "mean":
        return torch.zeros_like(image)
    if kind == "blur":
        return blurred(image)
    raise MetricError(f"no blank {kind!r}; there are {', '.join(get_args(Blank))}")


def blurred(image: Tensor, sigma_px: float = BLUR_PX) -> Tensor:
    """Blur an image (C, H, W) by a Gaussian; border pixels are repeated outwards."""
    reach = math.ceil(3 * sigma_px)
    offsets = torch.arange(-reach, reach + 1, dtype=image.dtype, device=image.device)
    weights = torch.exp(-0.5 * (offsets / sigma_px) ** 2)
    weights = weights / weights.sum()
    padded = F.pad(image.unsqueeze(1), (reach, reach, reach, reach), mode="replicate")  # (C, 1, H+, W+)
    across = F.conv2d(padded, weights.view(1, 1, 1, -1))
    return F.conv2d(across, weights.view(1, 1, -1, 1)).squeeze(1)

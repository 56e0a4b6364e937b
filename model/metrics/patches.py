"""Patches of an image and their order by saliency: the sets A_n of section 3.2, eq. (8).

P patches in row-major order; the last row and column of the grid are smaller where sizes do not divide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from model.errors import MetricError
from model.images.upsampling import enlarge

Ties = Literal["row_major", "reversed", "random", "together"]


@dataclass(frozen=True)
class PatchGrid:
    """An image of height x width px cut into patches of patch_size x patch_size px."""

    height: int
    width: int
    patch_size: int  # m

    def __post_init__(self) -> None:
        """Check the patch size.

        Raises:
            MetricError: the patch size is under 1.
        """
        if self.patch_size < 1:
            raise MetricError(f"patch_size must be at least 1, is {self.patch_size}")

    @property
    def rows(self) -> int:
        """Patches from top to bottom."""
        return math.ceil(self.height / self.patch_size)

    @property
    def columns(self) -> int:
        """Patches from left to right."""
        return math.ceil(self.width / self.patch_size)

    @property
    def count(self) -> int:
        """Return N of the paper, the number of patches."""
        return self.rows * self.columns

    def strongest(self, saliency: Tensor) -> Tensor:
        """Return the map's (H, W) maximum in each patch, by which eq. (8) orders them: (P,)."""
        sides = [min(self.patch_size, self.height), min(self.patch_size, self.width)]
        pooled = F.max_pool2d(saliency[None, None], sides, stride=self.patch_size, ceil_mode=True)
        return pooled.flatten()

    def spread(self, values: Tensor) -> Tensor:
        """Assign each pixel the value of its patch: (P,) -> (H, W)."""
        grid = values.reshape(self.rows, self.columns)
        tall = grid.repeat_interleave(self.patch_size, dim=0)[: self.height]
        return tall.repeat_interleave(self.patch_size, dim=1)[:, : self.width].contiguous()


def fit(saliency: Tensor, height: int, width: int) -> Tensor:
    """Upsample a map (h, w) to (H, W) bilinearly, align_corners=False; a map of that size is returned unchanged.

    Raises:
        MetricError: not a map, or not finite.
    """
    if saliency.ndim != 2 or not saliency.numel():
        raise MetricError(f"a saliency map is (height, width), not {tuple(saliency.shape)}")
    if not saliency.is_floating_point():
        saliency = saliency.double()
    if not bool(torch.isfinite(saliency).all()):
        raise MetricError("the saliency map has values that are not finite")
    if saliency.shape == (height, width):
        return saliency
    return enlarge(saliency.unsqueeze(0), height, width)[0]


def ranks(strengths: Tensor, ties: Ties, *, seed: int = 0) -> Tensor:
    """Return each patch's rank, from the strongest: (P,) -> (P,) int32, 0 first.

    Args:
        strengths: of the patches.
        ties: whether equal patches follow in row-major order, in reversed row-major order, in a random order, or
            share the first of their places.
        seed: of the random order.
    """
    if ties == "together":
        ascending = strengths.sort().values
        return (len(strengths) - torch.searchsorted(ascending, strengths, right=True)).int()
    places = torch.arange(len(strengths))
    if ties == "reversed":
        places = places.flip(0)
    elif ties == "random":
        places = torch.randperm(len(strengths), generator=torch.Generator().manual_seed(seed))
    places = places.to(strengths.device)
    order = places[strengths[places].argsort(descending=True, stable=True)]
    result = torch.empty_like(order, dtype=torch.int32)
    result[order] = torch.arange(len(order), dtype=torch.int32, device=order.device)
    return result


def tied_fraction(strengths: Tensor) -> float:
    """Share of patches (P,) with the same strength as another patch."""
    counts = strengths.unique(return_counts=True)[1]
    return float(counts[counts > 1].sum()) / len(strengths)

"""Localisation metrics: agreement of a map (H, W) with a lesion mask (H, W) of bools."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from model.errors import MetricError
from model.metrics.patches import fit


class Localisation(NamedTuple):
    """All figures lie in 0..1. A random map scores `mask_share`, and `pointing_chance` in pointing."""

    pointing_game: float
    energy_inside: float
    average_precision: float
    mask_share: float  # of the image's pixels
    pointing_chance: float  # share of the pixels that are in the mask or close enough to it


def localise(saliency: Tensor, mask: Tensor, *, tolerance_px: int = 0) -> Localisation:
    """Compare a map (H, W), or (h, w) upsampled bilinearly, with a mask (H, W).

    Args:
        saliency: the map.
        mask: True inside.
        tolerance_px: of the pointing game alone: so close to the mask, along rows and columns, is a hit too.

    Raises:
        MetricError: the map is not finite, or the mask is empty.
    """
    inside = mask.bool()
    if mask.ndim != 2 or not bool(inside.any()):
        raise MetricError("a mask is (height, width) with at least one pixel inside")
    whole, near = fit(saliency, *inside.shape), _widened(inside, tolerance_px)
    return Localisation(
        pointing_game=pointing_game(whole, near),
        energy_inside=energy_inside(whole, inside),
        average_precision=average_precision(whole, inside),
        mask_share=float(inside.double().mean()),
        pointing_chance=float(near.double().mean()),
    )


def pointing_game(saliency: Tensor, mask: Tensor) -> float:
    """Whether the map's maximum lies in the mask (Zhang et al., IJCV 2018): 1 or 0.

    Where several pixels share the maximum, the share of them that hit.
    """
    return float(mask[saliency == saliency.max()].double().mean())


def energy_inside(saliency: Tensor, mask: Tensor) -> float:
    """Share of the map's sum that lies in the mask (Wang et al., "Score-CAM", CVPR-W 2020); negatives count as 0.

    A map without anything positive is a constant one: the mask's share of the pixels.
    """
    energy = saliency.double().clamp(min=0)
    if not bool(energy.any()):
        return float(mask.double().mean())
    return float(energy[mask].sum() / energy.sum())


def average_precision(saliency: Tensor, mask: Tensor) -> float:
    """Area under precision over recall of pixels taken by falling saliency; equal ones are taken together."""
    levels, place = torch.unique(saliency.flatten(), return_inverse=True)  # rising
    hits = torch.bincount(place, weights=mask.flatten().double(), minlength=len(levels)).flip(0)
    taken = torch.bincount(place, minlength=len(levels)).flip(0).cumsum(0)
    precision = hits.cumsum(0) / taken
    return float((hits * precision).sum() / hits.sum())


def _widened(mask: Tensor, by_px: int) -> Tensor:
    """Return the mask dilated by so many pixels along rows and columns: (H, W)."""
    return F.max_pool2d(mask.float()[None, None], 2 * by_px + 1, stride=1, padding=by_px)[0, 0].bool()

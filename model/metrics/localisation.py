"""Does a map point at what a mask says matters? Maps (H, W), masks (H, W) of bools, of images with lesions."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from model.errors import MetricError
from model.metrics.patches import fit


class Localisation(NamedTuple):
    """All figures lie in 0..1. A map that knows nothing scores `mask_share` in each of them."""

    pointing_game: float
    energy_inside: float
    average_precision: float
    mask_share: float  # of the image's pixels


def localise(saliency: Tensor, mask: Tensor, *, tolerance_px: int = 0) -> Localisation:
    """Compare a map (H, W), or (h, w) upsampled bilinearly, with a mask (H, W).

    Raises:
        MetricError: the map is not finite, or the mask is empty.
    """
    inside = mask.bool()
    if mask.ndim != 2 or not bool(inside.any()):
        raise MetricError("a mask is (height, width) with at least one pixel inside")
    whole = fit(saliency, *inside.shape)
    return Localisation(
        pointing_game=pointing_game(whole, inside, tolerance_px=tolerance_px),
        energy_inside=energy_inside(whole, inside),
        average_precision=average_precision(whole, inside),
        mask_share=float(inside.double().mean()),
    )


def pointing_game(saliency: Tensor, mask: Tensor, *, tolerance_px: int = 0) -> float:
    """Whether the map's maximum lies in the mask or so close to it (Zhang et al., IJCV 2018): 1 or 0.

    Where several pixels share the maximum, the share of them that hit. The distance is along rows or columns.
    """
    reach = 2 * tolerance_px + 1
    near = F.max_pool2d(mask.float()[None, None], reach, stride=1, padding=tolerance_px)[0, 0]
    return float(near[saliency == saliency.max()].double().mean())


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

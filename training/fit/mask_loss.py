"""Loss of the attention map against lesion masks."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from training.sections import MaskLoss

FOCUS = 2  # γ of the focal loss, as published


def mask_loss(attention: Tensor, masks: Tensor, kind: MaskLoss) -> Tensor:
    """Compare attention (N, 1, h, w) in 0..1 with masks of the same shape; a cell is lesion if its mask is above 0.

    `balanced_bce`: lesion cells and all other cells have the same total weight in a batch. It finds the rarest
    lesion, but its optimal map exceeds 0.5 wherever lesions are likelier than on average: on most of a diseased
    retina. `bce`: its optimal map is the lesion probability. `focal` weighs cells by their error (Lin et al. 2017).
    `dice` rewards overlap over the whole batch (Milletari et al. 2016). `dice_bce` is the sum of `dice` and `bce`,
    the usual loss of segmentation networks (Isensee et al. 2021).
    """
    lesion = (masks > 0).to(attention.dtype)
    attention = attention.clamp(1e-6, 1 - 1e-6)
    if kind == "dice":
        return _dice(attention, lesion)
    if kind == "dice_bce":
        return _dice(attention, lesion) + F.binary_cross_entropy(attention, lesion)
    each = F.binary_cross_entropy(attention, lesion, reduction="none")
    if kind == "balanced_bce":
        return (each * _balance(lesion)).mean()
    if kind == "focal":
        return (each * (lesion - attention).abs() ** FOCUS).mean()
    return each.mean()


def _balance(lesion: Tensor) -> Tensor:
    share = lesion.mean().clamp(1e-3, 1 - 1e-3)
    return torch.where(lesion > 0, 0.5 / share, 0.5 / (1 - share))


def _dice(attention: Tensor, lesion: Tensor) -> Tensor:
    """Return 1 - 2 overlap / sum of both areas; adding one cell to each keeps empty masks finite."""
    return 1 - (2 * (attention * lesion).sum() + 1) / (attention.sum() + lesion.sum() + 1)

"""The attention map against lesion masks: what teaches the network where to look."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from training.sections import MaskLoss

FOCUS = 2  # γ of the focal loss, as published


def mask_loss(attention: Tensor, masks: Tensor, kind: MaskLoss) -> Tensor:
    """Compare attention (N, 1, h, w) in 0..1 with masks alike; a cell is lesion where its mask is over 0.

    `balanced_bce`: lesion cells and all others weigh the same in the batch. It finds the rarest lesion, but its
    best map is over 0.5 wherever lesions are likelier than on the average cell: on most of a diseased retina.
    `bce` has the probability itself as its best map, `focal` turns the weight to the cells that are still wrong
    (Lin et al. 2017), `dice` rewards overlap over the whole batch (Milletari et al. 2016), and `dice_bce` is the
    sum of both, with which segmentation networks are mostly trained (Isensee et al. 2021).
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
    """One minus twice the overlap over the sum of both; one cell more in each keeps empty masks finite."""
    return 1 - (2 * (attention * lesion).sum() + 1) / (attention.sum() + lesion.sum() + 1)

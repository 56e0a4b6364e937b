"""Normalisation of pixel values in 0..1, and its inverse."""

from __future__ import annotations

from torch import Tensor

from model.config import Preprocessing


def normalise(images: Tensor, preprocessing: Preprocessing) -> Tensor:
    """(x - mean) / std a channel, for images (..., C, H, W) in 0..1."""
    mean, std = _columns(images, preprocessing)
    return (images - mean) / std


def denormalise(images: Tensor, preprocessing: Preprocessing) -> Tensor:
    """Return the 0..1 values of normalised images (..., C, H, W)."""
    mean, std = _columns(images, preprocessing)
    return images * std + mean


def _columns(images: Tensor, preprocessing: Preprocessing) -> tuple[Tensor, Tensor]:
    mean = images.new_tensor(preprocessing.mean).view(-1, 1, 1)
    return mean, images.new_tensor(preprocessing.std).view(-1, 1, 1)

"""Decodes examples into tensors for training and validation."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from tqdm import tqdm

from model.config import Preprocessing
from model.errors import ImageError
from model.images.mask import read_masks
from model.images.preprocessing import Picture, decode_size, read_image, to_tensor
from training.data.examples import Example
from training.data.lazy import LazyImages
from training.errors import DatasetError

Decoded = tuple[Tensor, Tensor | None]  # image (1, C, H, W) and its mask (1, 1, H, W) uint8, if known

OVERSAMPLING = 2  # of training images over the network's input, so that warping does not blur them


@dataclass(frozen=True)
class LabelledImages:
    """N labelled images, in memory or read on access."""

    images: Tensor | LazyImages  # (N, C, S, T): uint8 for augmentation, or float32 network inputs
    labels: Tensor  # (N,) int64
    masks: Tensor | None = None  # (N, 1, S, T) uint8: 1 inside a lesion
    known: Tensor | None = None  # (N,) bool: whether the mask is known; None: all are

    def __len__(self) -> int:
        return len(self.labels)


def network_inputs(
    examples: Sequence[Example], preprocessing: Preprocessing, *, masks: bool = False
) -> LabelledImages:
    """Decode the examples exactly as the service does, optionally with their masks.

    Raises:
        DatasetError: naming the file that cannot be decoded.
    """

    def load(example: Example) -> Decoded:
        picture = read_image(example.path, preprocessing.mode, at_least=decode_size(preprocessing))
        return to_tensor(picture, preprocessing), _mask(example, picture, preprocessing) if masks else None

    return _decode(examples, load)


def training_sources(
    examples: Sequence[Example], preprocessing: Preprocessing, *, masks: bool = False
) -> LabelledImages:
    """Decode the examples to uint8, cropped, at twice the network's input size, optionally with their masks.

    Raises:
        DatasetError: naming the file that cannot be decoded.
    """
    raw = replace(
        as_bytes(preprocessing),
        height=preprocessing.height * OVERSAMPLING,
        width=preprocessing.width * OVERSAMPLING,
    )

    def load(example: Example) -> Decoded:
        picture = read_image(example.path, raw.mode)
        pixels = (to_tensor(picture, raw) * 255).round().to(torch.uint8)
        return pixels, _mask(example, picture, raw) if masks else None

    return _decode(examples, load)


def as_bytes(preprocessing: Preprocessing) -> Preprocessing:
    """Return the same crop and size without normalisation: values 0..1."""
    return replace(preprocessing, mean=(0.0,) * preprocessing.channels, std=(1.0,) * preprocessing.channels)


def _mask(example: Example, picture: Picture, preprocessing: Preprocessing) -> Tensor | None:
    """Return the example's mask, (1, 1, H, W) uint8; None if it is unknown."""
    if example.masks:
        return read_masks(example.masks, picture, preprocessing).to(torch.uint8)[None, None]
    return (
        torch.zeros(1, 1, preprocessing.height, preprocessing.width, dtype=torch.uint8) if example.clear else None
    )


def _decode(examples: Sequence[Example], load: Callable[[Example], Decoded]) -> LabelledImages:
    def named(example: Example) -> Decoded:
        try:
            return load(example)
        except ImageError as error:
            raise DatasetError(str(error)) from error

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        decoded = tqdm(pool.map(named, examples), total=len(examples), desc="decoding", unit="img", leave=False)
        images, masks = zip(*decoded, strict=True)
    labels = torch.tensor([example.label for example in examples], dtype=torch.int64)
    known = torch.tensor([mask is not None for mask in masks])
    if not known.any():
        return LabelledImages(torch.cat(images), labels)
    empty = torch.zeros(1, 1, *images[0].shape[-2:], dtype=torch.uint8)
    united = torch.cat([empty if mask is None else mask for mask in masks])
    return LabelledImages(torch.cat(images), labels, united, known)

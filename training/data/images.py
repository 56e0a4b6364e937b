"""Examples decoded into tensors: what the loop trains on, and what it validates on."""

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

Decoded = tuple[Tensor, Tensor | None]  # (1, C, H, W), and its mask (1, 1, H, W) uint8 if that is known

OVERSAMPLING = 2  # training images are kept larger than the input, so that warping does not blur them


@dataclass(frozen=True)
class LabelledImages:
    """N images, in memory or read when they are asked for."""

    images: Tensor | LazyImages  # (N, C, S, T): uint8 to be augmented, or float32 as the network takes them
    labels: Tensor  # (N,) int64
    masks: Tensor | None = None  # (N, 1, S, T) uint8: 1 where a lesion is
    known: Tensor | None = None  # (N,) bool: whose mask is known; None: that of all

    def __len__(self) -> int:
        return len(self.labels)


def network_inputs(
    examples: Sequence[Example], preprocessing: Preprocessing, *, masks: bool = False
) -> LabelledImages:
    """Decode the examples exactly as the service does, with their masks if asked for.

    Raises:
        DatasetError: naming the file that does not decode.
    """

    def load(example: Example) -> Decoded:
        picture = read_image(example.path, preprocessing.mode, at_least=decode_size(preprocessing))
        return to_tensor(picture, preprocessing), _mask(example, picture, preprocessing) if masks else None

    return _decode(examples, load)


def training_sources(
    examples: Sequence[Example], preprocessing: Preprocessing, *, masks: bool = False
) -> LabelledImages:
    """Decode the examples, cropped, at twice the network's input size, as bytes; with their masks if asked for.

    Raises:
        DatasetError: naming the file that does not decode.
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
    """Return the same crop and size, with values 0..1 as they are in the file."""
    return replace(preprocessing, mean=(0.0,) * preprocessing.channels, std=(1.0,) * preprocessing.channels)


def _mask(example: Example, picture: Picture, preprocessing: Preprocessing) -> Tensor | None:
    """Return where the example's evidence lies, (1, 1, H, W) uint8, or None where nobody has said."""
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

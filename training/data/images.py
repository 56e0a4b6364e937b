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
from model.image import decode_size, read_image, to_tensor
from training.data.examples import Example
from training.data.lazy import LazyImages
from training.errors import DatasetError

OVERSAMPLING = 2  # training images are kept larger than the input, so that warping does not blur them


@dataclass(frozen=True)
class LabelledImages:
    """N images, in memory or read when they are asked for."""

    images: Tensor | LazyImages  # (N, C, S, T): uint8 to be augmented, or float32 as the network takes them
    labels: Tensor  # (N,) int64
    masks: Tensor | None = None  # (N, 1, S, T) uint8: 1 where a lesion is

    def __len__(self) -> int:
        return len(self.labels)


def network_inputs(examples: Sequence[Example], preprocessing: Preprocessing) -> LabelledImages:
    """Decode the examples exactly as the service does.

    Raises:
        DatasetError: naming the file that does not decode.
    """

    def load(example: Example) -> Tensor:
        picture = read_image(example.path, preprocessing.mode, at_least=decode_size(preprocessing))
        return to_tensor(picture, preprocessing)

    return LabelledImages(_decode(examples, load), _labels(examples))


def training_sources(examples: Sequence[Example], preprocessing: Preprocessing) -> LabelledImages:
    """Decode the examples, cropped, at twice the network's input size, as bytes.

    Raises:
        DatasetError: naming the file that does not decode.
    """
    raw = replace(
        as_bytes(preprocessing),
        height=preprocessing.height * OVERSAMPLING,
        width=preprocessing.width * OVERSAMPLING,
    )

    def load(example: Example) -> Tensor:
        return (to_tensor(read_image(example.path, raw.mode), raw) * 255).round().to(torch.uint8)

    return LabelledImages(_decode(examples, load), _labels(examples))


def as_bytes(preprocessing: Preprocessing) -> Preprocessing:
    """Return the same crop and size, with values 0..1 as they are in the file."""
    return replace(preprocessing, mean=(0.0,) * preprocessing.channels, std=(1.0,) * preprocessing.channels)


def _labels(examples: Sequence[Example]) -> Tensor:
    return torch.tensor([example.label for example in examples], dtype=torch.int64)


def _decode(examples: Sequence[Example], load: Callable[[Example], Tensor]) -> Tensor:
    def named(example: Example) -> Tensor:
        try:
            return load(example)
        except ImageError as error:
            raise DatasetError(str(error)) from error

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        decoded = tqdm(pool.map(named, examples), total=len(examples), desc="decoding", unit="img", leave=False)
        return torch.cat(list(decoded))

"""Generates images in memory, on all cores."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm

from training.config import TrainingConfig
from training.data.images import LabelledImages
from training.errors import DatasetError
from training.generators.folder import Generated
from training.generators.fundus.generator import generate_cropped
from training.generators.magnetogram.disk import SIZES as MAGNETOGRAM_SIZES
from training.generators.magnetogram.generator import generate_magnetogram

Bytes = npt.NDArray[np.uint8]
FEW = 64  # fewer images than this are generated without starting processes


def generated_images(first_seed: int, count: int, config: TrainingConfig) -> LabelledImages:
    """Generate `count` images at the network's input size; odd seeds are positives.

    For a kind of real data (images mixed into its batches) fundus photographs are generated.

    Raises:
        DatasetError: the network's input has another shape than generated images.
    """
    _check_shape(config)
    channels, size = config.preprocessing.channels, config.preprocessing.height
    seeds = range(first_seed, first_seed + count)
    make = partial(generated_pair, kind=config.data.kind, size=size, clip=config.data.clip_gauss)
    images = torch.empty(count, channels, size, size, dtype=torch.uint8)
    masks = torch.empty(count, 1, size, size, dtype=torch.uint8)
    made = tqdm(_mapped(make, seeds), total=count, desc="generating", unit="img", leave=False)
    for place, (pixels, mask) in enumerate(made):
        images[place] = torch.from_numpy(pixels)
        masks[place, 0] = torch.from_numpy(mask)
    return LabelledImages(images, torch.tensor([seed % 2 for seed in seeds]), masks)


def _mapped(make: Callable[[int], tuple[Bytes, Bytes]], seeds: range) -> Iterator[tuple[Bytes, Bytes]]:
    """Yield the images of the seeds in order; many of them are generated on all cores."""
    if len(seeds) < FEW:
        yield from map(make, seeds)
        return
    context = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        yield from pool.map(make, seeds, chunksize=16)


def _check_shape(config: TrainingConfig) -> None:
    inputs = config.preprocessing
    square = inputs.height == inputs.width
    if config.data.kind == "generated-magnetogram":
        if inputs.mode != "grey" or not square or inputs.height not in MAGNETOGRAM_SIZES:
            raise DatasetError(f"generated magnetograms are grey and square, of {MAGNETOGRAM_SIZES} px a side")
    elif inputs.mode != "rgb" or not square:
        raise DatasetError("generated fundus photographs are square and have three channels")


def generated_pair(seed: int, *, kind: str, size: int, clip: float) -> tuple[Bytes, Bytes]:
    """Return image (C, H, W) and mask (H, W) of a seed; odd seeds are positives."""
    made: Generated
    if kind == "generated-magnetogram":
        made = generate_magnetogram(seed, label=seed % 2, size=size, clip=clip)
    else:
        made = generate_cropped(seed, label=seed % 2, size=size)
    pixels = np.ascontiguousarray(np.atleast_3d(made.pixels).transpose(2, 0, 1))
    return pixels, made.mask.astype(np.uint8)

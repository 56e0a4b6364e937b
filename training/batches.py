"""The batches of an epoch: which images, augmented how; all of it follows from seed and epoch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from model.normalisation import normalise
from training.augment import augment, erase
from training.config import TrainingConfig
from training.data.images import LabelledImages


class Batch(NamedTuple):
    """What one step sees."""

    images: Tensor  # (N, C, H, W) float32, normalised
    labels: Tensor  # (N,)
    masks: Tensor | None  # (N, 1, H, W) float32


def epoch_generator(seed: int, epoch: int) -> Generator:
    """Return the random numbers of one epoch, whatever came before it."""
    return Generator().manual_seed(seed * 1_000_003 + epoch)


def epoch_order(labels: Tensor, *, batch_size: int, balanced: bool, generator: Generator) -> list[Tensor]:
    """Return the indices of each batch. Balanced: each class fills the same share, the rarer ones repeating."""
    if not balanced:
        return list(torch.randperm(len(labels), generator=generator).split(batch_size))
    classes = labels.unique()
    share = batch_size // len(classes)
    batches = max(1, len(labels) // batch_size)
    columns = []
    for label in classes:
        places = torch.nonzero(labels == label).flatten()
        rounds = -(-batches * share // len(places))
        shuffled = [places[torch.randperm(len(places), generator=generator)] for _ in range(rounds)]
        columns.append(torch.cat(shuffled)[: batches * share].view(batches, share))
    return list(torch.cat(columns, dim=1))


def epoch_batches(images: LabelledImages, config: TrainingConfig, epoch: int) -> Iterator[Batch]:
    """Yield the augmented batches of an epoch."""
    generator = epoch_generator(config.run.seed, epoch)
    order = epoch_order(
        images.labels, batch_size=config.run.batch_size, balanced=config.run.balanced, generator=generator
    )
    for places in order:
        yield _batch(images, places, config, generator)


def epoch_steps(images: LabelledImages, config: TrainingConfig) -> int:
    """Return the number of batches in an epoch."""
    if config.run.balanced:
        return max(1, len(images) // config.run.batch_size)
    return -(-len(images) // config.run.batch_size)


def _batch(images: LabelledImages, places: Tensor, config: TrainingConfig, generator: Generator) -> Batch:
    size = (config.preprocessing.height, config.preprocessing.width)
    masks = images.masks[places] if images.masks is not None else None
    pixels, masks = augment(images.images[places], masks, config.augment, size, generator)
    normalised = erase(normalise(pixels, config.preprocessing), config.augment, generator)
    return Batch(normalised, images.labels[places], masks)


def attention_target(masks: Tensor, size: torch.Size) -> Tensor:
    """Shrink masks (N, 1, H, W) to the attention's size: a cell counts where any of its pixels is lesion."""
    return F.adaptive_max_pool2d(masks, [size[-2], size[-1]])

"""Batches of an epoch: choice and augmentation of images, determined by seed and epoch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from model.images.normalisation import normalise
from training.config import TrainingConfig
from training.data.images import LabelledImages
from training.fit.augment import augment, erase
from training.fit.distributed import ALONE, Processes
from training.fit.draws import Draws

FAINT = 0.25  # share of a pixel; warping spreads less than this beyond a lesion
# Generated images have the network's input size and all differ: warping would only blur them.
STILL: dict[str, Any] = {"rotation_deg": 0.0, "scale": (1.0, 1.0), "ratio": (1.0, 1.0)}


class Batch(NamedTuple):
    """Input of one training step."""

    images: Tensor  # (N, C, H, W) float32, normalised
    labels: Tensor  # (N,)
    masks: Tensor | None = None  # (N, 1, H, W) float32
    known: Tensor | None = None  # (N,) bool: whether the mask is known


def epoch_generator(seed: int, epoch: int) -> Generator:
    """Return the random generator of an epoch, independent of earlier epochs."""
    return Generator().manual_seed(seed * 1_000_003 + epoch)


def epoch_order(labels: Tensor, *, batch_size: int, balanced: bool, generator: Generator) -> list[Tensor]:
    """Return the indices of each batch. Balanced: all classes have the same share; images of rarer ones repeat."""
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


def epoch_batches(
    images: LabelledImages,
    config: TrainingConfig,
    epoch: int,
    generated: LabelledImages | None = None,
    processes: Processes = ALONE,
) -> Iterator[Batch]:
    """Yield the augmented batches of an epoch, or this process's part of each.

    Generated images, if given, make up a share of each batch.
    """
    generator, balanced = epoch_generator(config.run.seed, epoch), config.run.balanced
    size = real_size(config)
    order = epoch_order(images.labels, batch_size=size, balanced=balanced, generator=generator)
    if generated is None:
        for places in order:
            yield _batch(images, places, config, generator, processes)
        return
    more = epoch_order(
        generated.labels, batch_size=config.run.batch_size - size, balanced=balanced, generator=generator
    )
    still = replace(config, augment=replace(config.augment, **STILL))
    for places, drawn in zip(order, cycle(more), strict=False):
        real = _batch(images, places, config, generator, processes)
        yield _joined(real, _batch(generated, drawn, still, generator, processes))


def real_size(config: TrainingConfig) -> int:
    """Return the number of images in a batch without the generated ones mixed in."""
    return config.run.batch_size - round(config.run.batch_size * config.data.generated_share)


def epoch_steps(images: LabelledImages, config: TrainingConfig) -> int:
    """Return the number of batches in an epoch: one pass over `images`."""
    if config.run.balanced:
        return max(1, len(images) // real_size(config))
    return -(-len(images) // real_size(config))


def _batch(
    images: LabelledImages, places: Tensor, config: TrainingConfig, generator: Generator, processes: Processes
) -> Batch:
    part = processes.part(len(places))
    draws, places = Draws(generator, len(places), part.start), places[part]
    size = (config.preprocessing.height, config.preprocessing.width)
    masks = images.masks[places] if images.masks is not None else None
    pixels, masks = augment(images.images[places], masks, config.augment, size, draws)
    normalised = erase(normalise(pixels, config.preprocessing), config.augment, draws)
    if masks is None:
        return Batch(normalised, images.labels[places])
    known = torch.ones(len(places), dtype=torch.bool) if images.known is None else images.known[places]
    return Batch(normalised, images.labels[places], masks, known)


def _joined(one: Batch, other: Batch) -> Batch:
    """Join two batches; if only one has masks, those of the other count as unknown."""
    images, labels = torch.cat([one.images, other.images]), torch.cat([one.labels, other.labels])
    if one.masks is None and other.masks is None:
        return Batch(images, labels)
    (masks, known), (more, also) = _masked(one), _masked(other)
    return Batch(images, labels, torch.cat([masks, more]), torch.cat([known, also]))


def _masked(batch: Batch) -> tuple[Tensor, Tensor]:
    if batch.masks is None or batch.known is None:
        return torch.zeros_like(batch.images[:, :1]), torch.zeros(len(batch.images), dtype=torch.bool)
    return batch.masks, batch.known


def attention_target(masks: Tensor, size: torch.Size) -> Tensor:
    """Reduce masks (N, 1, H, W) to the attention map's size: 1 if any pixel of the cell is lesion, else 0."""
    return (F.adaptive_max_pool2d(masks, [size[-2], size[-1]]) >= FAINT).to(masks.dtype)

"""Which images an epoch shows: all of it follows from seed and epoch."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from tests.training.conftest import SIDE, MakeConfig
from training.batches import Batch, attention_target, epoch_batches, epoch_generator, epoch_order, epoch_steps
from training.data.images import LabelledImages


def labelled(counts: tuple[int, ...], *, masks: bool = False) -> LabelledImages:
    """Noise at twice the network's size, with so many images of each class."""
    labels = torch.cat([torch.full((count,), label) for label, count in enumerate(counts)])
    shape, noise = (len(labels), 3, 2 * SIDE, 2 * SIDE), torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=noise)
    return LabelledImages(images, labels, (images[:, :1] > 200).to(torch.uint8) if masks else None)


@pytest.mark.parametrize("size", [1, 4, 7, 100])
def test_unbalanced_batches_cover_every_image_once(size: int) -> None:
    order = epoch_order(torch.zeros(20), batch_size=size, balanced=False, generator=epoch_generator(0, 0))
    assert sorted(torch.cat(order).tolist()) == list(range(20))
    assert all(len(batch) == size for batch in order[:-1])


@pytest.mark.parametrize(("counts", "size"), [((30, 6), 8), ((6, 30), 8), ((5, 20, 11), 9), ((3, 2), 16)])
def test_balanced_batches_have_equal_shares_and_cover_the_rarest_class(counts: tuple[int, ...], size: int) -> None:
    labels = labelled(counts).labels
    order = epoch_order(labels, batch_size=size, balanced=True, generator=epoch_generator(0, 0))
    share = size // len(counts)
    for batch in order:
        assert Counter(labels[batch].tolist()) == dict.fromkeys(range(len(counts)), share)
    rarest = counts.index(min(counts))
    assert set(torch.nonzero(labels == rarest).flatten().tolist()) <= set(torch.cat(order).tolist())


def test_balanced_batches_repeat_no_image_before_all_of_its_class_were_shown() -> None:
    labels = labelled((30, 4)).labels
    shown = torch.cat(epoch_order(labels, batch_size=6, balanced=True, generator=epoch_generator(0, 0)))
    counts = Counter(shown.tolist())
    for label in (0, 1):
        of_class = [counts[int(place)] for place in torch.nonzero(labels == label)]
        assert max(of_class) - min(of_class) <= 1


@pytest.mark.parametrize("balanced", [False, True])
@pytest.mark.parametrize("size", [2, 8, 64])
def test_progress_bar_knows_the_number_of_batches(make_config: MakeConfig, *, balanced: bool, size: int) -> None:
    images = labelled((13, 5))
    config = make_config(run={"batch_size": size, "balanced": balanced})
    assert len(list(epoch_batches(images, config, 0))) == epoch_steps(images, config)


def equal(one: Batch, other: Batch) -> bool:
    return torch.equal(one.images, other.images) and torch.equal(one.labels, other.labels)


def test_an_epoch_depends_on_seed_and_epoch_alone(make_config: MakeConfig) -> None:
    images, config = labelled((10, 6)), make_config(run={"seed": 5})
    straight = [list(epoch_batches(images, config, epoch)) for epoch in (0, 1)]
    torch.manual_seed(123)
    later = list(epoch_batches(images, config, 1))  # without epoch 0 before it
    assert all(equal(one, other) for one, other in zip(later, straight[1], strict=True))
    assert not equal(later[0], straight[0][0])
    assert not equal(later[0], next(epoch_batches(images, make_config(run={"seed": 6}), 1)))


def test_batches_are_what_the_network_takes(make_config: MakeConfig) -> None:
    batch = next(epoch_batches(labelled((6, 6), masks=True), make_config(), 0))
    assert batch.images.shape == (6, 3, SIDE, SIDE)
    assert batch.images.dtype == torch.float32
    assert batch.labels.dtype == torch.int64
    assert batch.masks is not None
    assert batch.masks.shape == (6, 1, SIDE, SIDE)
    assert 0 <= batch.masks.min() < batch.masks.max() <= 1 + 1e-6
    assert -2 <= batch.images.min() < -1 < 1 < batch.images.max() <= 2  # (0..1 - 0.5) / 0.25


def test_attention_cell_counts_where_any_of_its_pixels_is_lesion() -> None:
    masks = torch.zeros(1, 1, 8, 12)
    masks[0, 0, 0, 0] = 1
    masks[0, 0, 7, 8] = 0.25
    assert attention_target(masks, torch.Size((1, 1, 2, 3))).tolist() == [[[[1, 0, 0], [0, 0, 1]]]]

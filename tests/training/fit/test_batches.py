"""Which images an epoch shows: all of it follows from seed and epoch."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from tests.training.conftest import SIDE, MakeConfig
from training.config import TrainingConfig
from training.data.images import LabelledImages
from training.fit.batches import Batch, attention_target, epoch_batches, epoch_generator, epoch_order, epoch_steps
from training.fit.distributed import Processes


def labelled(counts: tuple[int, ...], *, masks: bool = False) -> LabelledImages:
    """Noise at twice the network's size, with so many images of each class."""
    labels = torch.cat([torch.full((count,), label) for label, count in enumerate(counts)])
    shape, noise = (len(labels), 3, 2 * SIDE, 2 * SIDE), torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=noise)
    return LabelledImages(images, labels, (images[:, :1] > 200).to(torch.uint8) if masks else None)


def generated(count: int) -> LabelledImages:
    """Images at the network's own size of which each is of one level alone, every second with a mask all over."""
    levels = torch.arange(count, dtype=torch.uint8).view(-1, 1, 1, 1) * 4
    labels = torch.arange(count) % 2
    masks = labels.to(torch.uint8).view(-1, 1, 1, 1).expand(-1, 1, SIDE, SIDE)
    return LabelledImages(levels.expand(-1, 3, SIDE, SIDE), labels, masks)


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


def mixing(make_config: MakeConfig, **run: object) -> TrainingConfig:
    return make_config(
        data={"generated_share": 0.25},
        augment={"brightness": 0.0, "contrast": 0.0, "saturation": 0.0, "erasing": 0.0},
        run={"batch_size": 8, **run},
    )


@pytest.mark.parametrize("balanced", [False, True])
def test_share_of_each_batch_is_generated(make_config: MakeConfig, *, balanced: bool) -> None:
    images, config = labelled((18, 12)), mixing(make_config, balanced=balanced)
    batches = list(epoch_batches(images, config, 0, generated(20)))
    assert len(batches) == epoch_steps(images, config) == 5
    for batch in batches:
        assert batch.images.shape == (8, 3, SIDE, SIDE)
        assert batch.known is not None
        assert batch.known.tolist() == [False] * 6 + [True] * 2
        assert batch.masks is not None
        assert torch.equal(batch.masks[6:].amax(dim=(1, 2, 3)) > 0.5, batch.labels[6:] == 1)
        assert balanced is False or batch.labels.bincount().tolist() == [4, 4]


def test_epochs_draw_other_generated_images_and_none_twice_before_all_were_shown(make_config: MakeConfig) -> None:
    images, config, pool = labelled((18, 12)), mixing(make_config), generated(20)

    def shown(epoch: int) -> list[int]:
        batches = epoch_batches(images, config, epoch, pool)
        middles = torch.cat([batch.images[6:, 0, SIDE // 2, SIDE // 2] for batch in batches])
        return [round(float(value) * 0.25 * 255 / 4 + 0.5 * 255 / 4) for value in middles]

    assert len(set(shown(0))) == 10
    assert shown(0) == shown(0)
    assert set(shown(0)) != set(shown(1))


def test_generated_images_are_not_warped(make_config: MakeConfig) -> None:
    """An edge within an image stays sharp, while those of the real images are resampled."""
    noise = torch.randint(0, 2, (8, 1, SIDE, SIDE), generator=torch.Generator().manual_seed(1)) * 255
    pool = LabelledImages(noise.to(torch.uint8).expand(-1, 3, -1, -1), torch.arange(8) % 2)
    batch = next(epoch_batches(labelled((18, 12)), mixing(make_config), 0, pool))
    assert batch.masks is None
    torch.testing.assert_close(batch.images[6:].abs(), torch.full((2, 3, SIDE, SIDE), 2.0), rtol=0, atol=1e-3)


@pytest.mark.parametrize("count", [2, 3])
def test_processes_make_the_parts_of_the_same_batches(make_config: MakeConfig, count: int) -> None:
    images, config, pool = (
        labelled((10, 6), masks=True),
        make_config(data={"generated_share": 0.5}, run={"batch_size": 12, "balanced": True}),
        generated(12),
    )
    whole = list(epoch_batches(images, config, 3, pool))
    parts = [list(epoch_batches(images, config, 3, pool, Processes(rank, count))) for rank in range(count)]
    for index, batch in enumerate(whole):
        halves = [(part[index].images[: 6 // count], part[index].images[6 // count :]) for part in parts]
        joined = torch.cat([real for real, _ in halves] + [made for _, made in halves])
        torch.testing.assert_close(joined, batch.images, rtol=0, atol=1e-5)

"""Augmentation: what it leaves alone, where it moves things, how it repeats itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Generator, Tensor

from training.fit.augment import PATCHES, augment, erase, missing_patches
from training.fit.draws import Draws
from training.sections import AugmentConfig

IDENTITY = AugmentConfig(
    horizontal_flip=0, vertical_flip=0, rotation_deg=0, scale=(1, 1), ratio=(1, 1), brightness=0, contrast=0,
    saturation=0, erasing=0,
)  # fmt: skip
STRONG = AugmentConfig(
    rotation_deg=40, scale=(0.5, 1.5), brightness=1, contrast=2, saturation=2, channel_gain=1, gamma=1
)


def changed(knob: str, value: float) -> AugmentConfig:
    return replace(IDENTITY, **{knob: value})


def draws(seed: int = 0) -> Draws:
    return Draws(Generator().manual_seed(seed))


def noise(n: int = 4, *, height: int = 24, width: int = 24) -> Tensor:
    return torch.randint(0, 256, (n, 3, height, width), dtype=torch.uint8, generator=draws(9).generator)


def disc(n: int, *, side: int = 64, radius: float = 10) -> Tensor:
    """(N, 1, side, side) masks of a disc in the middle."""
    place = torch.arange(side) - (side - 1) / 2
    inside = torch.hypot(place[:, None], place[None, :]) < radius
    return inside.float().expand(n, 1, side, side)


def centres(masks: Tensor) -> Tensor:
    """Centre of gravity (N, 2) of masks (N, 1, S, S) in px from the middle."""
    place = torch.arange(masks.shape[-1]) - (masks.shape[-1] - 1) / 2
    mass = masks.sum(dim=(1, 2, 3))
    return torch.stack([(masks * axis).sum(dim=(1, 2, 3)) / mass for axis in (place[:, None], place[None, :])], 1)


@pytest.mark.parametrize("size", [(24, 24), (24, 40)])
def test_identity_returns_the_image_and_its_mask(size: tuple[int, int]) -> None:
    images = noise(height=size[0], width=size[1])
    masks = (images[:, :1] > 128).to(torch.uint8)
    augmented, moved = augment(images, masks, IDENTITY, size, draws())
    torch.testing.assert_close(augmented, images.float() / 255, rtol=0, atol=2e-5)
    assert moved is not None
    torch.testing.assert_close(moved, masks.float(), rtol=0, atol=2e-5)


def test_output_has_the_size_asked_for() -> None:
    images = torch.full((2, 3, 48, 64), 51, dtype=torch.uint8)
    augmented, moved = augment(images, None, IDENTITY, (24, 32), draws())
    torch.testing.assert_close(augmented, torch.full((2, 3, 24, 32), 0.2))
    assert moved is None


@pytest.mark.parametrize(("knob", "axis"), [("horizontal_flip", -1), ("vertical_flip", -2)])
def test_sure_flip_flips_exactly(knob: str, axis: int) -> None:
    images = noise()
    augmented, _ = augment(images, None, changed(knob, 1), (24, 24), draws())
    torch.testing.assert_close(augmented, images.flip(axis).float() / 255, rtol=0, atol=2e-5)


def test_half_of_the_images_flip_at_probability_one_half() -> None:
    images = noise(1).expand(400, -1, -1, -1)
    augmented, _ = augment(images, None, replace(IDENTITY, horizontal_flip=0.5), (24, 24), draws())
    kept = (augmented - images.float() / 255).abs().amax(dim=(1, 2, 3)) < 1e-3
    assert 160 < int(kept.sum()) < 240


def test_masks_move_with_their_images() -> None:
    masks = disc(16, radius=20) * torch.randint(0, 2, (16, 1, 64, 64), generator=draws(1).generator)
    images = (masks * 255).to(torch.uint8).expand(-1, 3, -1, -1)
    geometry = replace(STRONG, brightness=0, contrast=0, saturation=0, channel_gain=0, gamma=0)
    augmented, moved = augment(images, masks, geometry, (32, 32), draws())
    assert moved is not None
    torch.testing.assert_close(augmented, moved.expand(-1, 3, -1, -1), rtol=0, atol=1e-5)


def test_rotation_keeps_a_centred_disc_where_it_is() -> None:
    masks = disc(16)
    _, moved = augment(noise(16, height=64, width=64), masks, replace(IDENTITY, rotation_deg=90), (64, 64), draws())
    assert moved is not None
    assert centres(moved).abs().max() < 0.1
    torch.testing.assert_close(moved.sum(dim=(1, 2, 3)), masks.sum(dim=(1, 2, 3)), rtol=0.02, atol=0)


def test_rotation_does_not_shear_an_image_that_is_not_square() -> None:
    wide = disc(8, side=64)[..., 16:48, :]  # 32 x 64, the disc in its middle
    _, turned = augment(noise(8, height=32, width=64), wide, replace(IDENTITY, rotation_deg=90), (32, 64), draws())
    assert turned is not None
    assert ((turned > 0.5) != (wide > 0.5)).float().mean() < 0.02


def test_rotation_turns_by_less_than_the_angle_either_way() -> None:
    dot = torch.zeros(200, 1, 64, 64)
    dot[:, :, 30:34, 56:60] = 1  # 26 px right of the middle
    _, moved = augment(noise(200, height=64, width=64), dot, replace(IDENTITY, rotation_deg=30), (64, 64), draws())
    assert moved is not None
    down, right = centres(moved).T
    angles = torch.rad2deg(torch.atan2(down, right))
    assert angles.abs().max() < 31
    assert angles.min() < -25
    assert angles.max() > 25
    torch.testing.assert_close(torch.hypot(down, right), torch.full((200,), 26.0), rtol=0, atol=0.3)


@pytest.mark.parametrize("area", [0.5, 1.5])
def test_crop_of_an_area_enlarges_by_its_inverse_and_moves_no_further_than_it_may(area: float) -> None:
    masks = disc(64)
    config = replace(IDENTITY, scale=(area, area))
    _, moved = augment(noise(64, height=64, width=64), masks, config, (64, 64), draws())
    assert moved is not None
    torch.testing.assert_close(moved.sum(dim=(1, 2, 3)) * area, masks.sum(dim=(1, 2, 3)), rtol=0.03, atol=0)
    slack = 32 * abs(1 - area**0.5) / area**0.5
    assert centres(moved).abs().max() < slack + 0.2
    assert centres(moved).abs().max() > 0.8 * slack


def test_outside_the_image_is_black() -> None:
    white = torch.full((8, 3, 64, 64), 255, dtype=torch.uint8)
    augmented, _ = augment(white, None, replace(IDENTITY, scale=(2, 2)), (64, 64), draws())
    torch.testing.assert_close(augmented.mean(dim=(1, 2, 3)), torch.full((8,), 0.5), rtol=0.05, atol=0)
    assert augmented.amin() == 0


@pytest.mark.parametrize("channels", [1, 3])
def test_jitter_stays_within_0_and_1(channels: int) -> None:
    images = noise(32)[:, :channels]
    augmented, _ = augment(images, None, STRONG, (24, 24), draws())
    assert augmented.dtype == torch.float32
    assert 0 <= augmented.min() < augmented.max() <= 1


def test_brightness_multiplies_by_one_factor_an_image() -> None:
    grey = torch.full((200, 3, 8, 8), 102, dtype=torch.uint8)
    augmented, _ = augment(grey, None, replace(IDENTITY, brightness=0.5), (8, 8), draws())
    factors = augmented / 0.4
    torch.testing.assert_close(factors, factors[:, :1, :1, :1].expand_as(factors))
    assert 0.5 <= factors.min() < 0.55
    assert 1.45 < factors.max() <= 1.5


def test_channel_gain_multiplies_each_channel_by_its_own_factor() -> None:
    grey = torch.full((50, 3, 8, 8), 102, dtype=torch.uint8)
    augmented, _ = augment(grey, None, replace(IDENTITY, channel_gain=0.2), (8, 8), draws())
    factors = augmented[:, :, 0, 0] / 0.4
    assert 0.8 <= factors.min() < factors.max() <= 1.2
    assert (factors.amax(1) - factors.amin(1)).min() > 0


@pytest.mark.parametrize("knob", ["contrast", "saturation"])
def test_contrast_and_saturation_keep_the_mean_of_every_image(knob: str) -> None:
    images = 96 + noise(16) // 4
    augmented, _ = augment(images, None, changed(knob, 0.9), (24, 24), draws())
    plain = images.float() / 255
    torch.testing.assert_close(augmented.mean(dim=(1, 2, 3)), plain.mean(dim=(1, 2, 3)), rtol=0, atol=1e-4)
    spread = augmented.std(dim=(1, 2, 3)) / plain.std(dim=(1, 2, 3))
    assert spread.min() < 0.95
    assert spread.max() > 1.05


def test_same_generator_repeats_every_draw_and_another_does_not() -> None:
    images = noise()
    first, again, other = (augment(images, None, STRONG, (24, 24), draws(seed))[0] for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_images_of_a_batch_have_draws_of_their_own() -> None:
    images = noise(1).expand(12, -1, -1, -1)
    augmented, _ = augment(images, None, AugmentConfig(), (24, 24), draws())
    assert len({tuple(image.flatten().tolist()) for image in augmented}) == 12


@pytest.mark.parametrize("share", [0.02, 0.1, 0.25])
def test_erasing_takes_the_share_it_promises_of_every_image(share: float) -> None:
    images = torch.ones(400, 3, 64, 64)
    erased = erase(images, AugmentConfig(erasing=1, erasing_area=(share, share)), draws()) == 0
    shares = erased.float().mean(dim=(1, 2, 3))
    assert shares.mean() == pytest.approx(share, rel=0.02)
    assert shares.min() > 0.7 * share
    assert shares.max() < 1.3 * share


def test_erased_is_one_rectangle_in_all_channels() -> None:
    erased = erase(torch.ones(50, 3, 32, 48), AugmentConfig(erasing=1), draws()) == 0
    assert torch.equal(erased, erased[:, :1].expand_as(erased))
    rows, columns = erased[:, 0].any(dim=2), erased[:, 0].any(dim=1)
    assert torch.equal(erased[:, 0], rows[:, :, None] & columns[:, None, :])
    for line in (*rows, *columns):
        assert int((line.int().diff() == 1).sum()) + int(line[0]) == 1  # it begins once


def test_erasing_leaves_images_that_were_not_chosen_as_they_are() -> None:
    images = torch.ones(400, 3, 16, 16)
    chosen = (erase(images, AugmentConfig(erasing=0.25), draws()) == 0).any(dim=1).any(dim=1).any(dim=1)
    assert 70 < int(chosen.sum()) < 130
    assert torch.equal(erase(images, IDENTITY, draws()), images)


def test_missing_patches_are_black_and_take_their_lesions_with_them() -> None:
    images = noise(200, height=64, width=64).clamp(min=1)
    masks = torch.ones(200, 1, 64, 64, dtype=torch.uint8)
    config = replace(IDENTITY, missing=0.5, missing_share=(0.25, 0.75))
    augmented, moved = augment(images, masks, config, (64, 64), draws())
    assert moved is not None
    assert torch.equal(augmented.amax(dim=1, keepdim=True) > 0, moved > 0.5)
    shares = 1 - moved.mean(dim=(1, 2, 3))
    assert 70 < int((shares > 0).sum()) < 130
    assert shares[shares > 0].mean() == pytest.approx(0.5, abs=0.06)


def test_missing_patches_lie_on_a_grid_from_the_corner() -> None:
    missing = missing_patches(100, replace(IDENTITY, missing=1), (64, 48), draws())[:, 0]
    sizes = set()
    for of_image in missing[missing.any(dim=(1, 2))]:
        fitting = [m for m in PATCHES if torch.equal(_grown(of_image, m), of_image)]
        sizes.add(max(fitting))
    assert sizes == set(PATCHES)


def _grown(missing: Tensor, m: int) -> Tensor:
    height, width = missing.shape
    cells = missing[::m, ::m]
    return cells.repeat_interleave(m, 0)[:height].repeat_interleave(m, 1)[:, :width]


def test_no_missing_patch_draws_nothing() -> None:
    before, after = draws(), draws()
    augment(noise(), None, IDENTITY, (24, 24), before)
    augment(noise(), None, replace(IDENTITY, missing_share=(0.1, 0.2)), (24, 24), after)
    assert torch.equal(before.uniform(3), after.uniform(3))

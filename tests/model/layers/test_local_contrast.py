"""Local contrast: what must vanish and what must stay, by thought."""

from __future__ import annotations

import pytest
import torch

from model.layers.local_contrast import FLOOR, LocalContrast, sums
from tests.model.networks import images


@pytest.mark.parametrize("level", [-2.0, 0.0, 3.0])
@pytest.mark.parametrize("window", [1, 3, 17, 99])
def test_a_constant_image_becomes_zero(level: float, window: int) -> None:
    constant = torch.full((2, 3, 12, 20), level)
    torch.testing.assert_close(LocalContrast(window)(constant), torch.zeros_like(constant), rtol=0, atol=1e-4)


def test_an_offset_makes_no_difference() -> None:
    batch = images(2)
    torch.testing.assert_close(LocalContrast(7)(batch + 5), LocalContrast(7)(batch), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("gain", [2.0, 10.0])
def test_gain_makes_no_difference_where_contrast_is_well_over_the_floor(gain: float) -> None:
    batch = images(2) * 4
    torch.testing.assert_close(LocalContrast(7)(batch * gain), LocalContrast(7)(batch), rtol=1e-2, atol=1e-2)


def test_contrast_under_the_floor_is_not_blown_up() -> None:
    faint = images(1) * FLOOR / 100
    assert LocalContrast(7)(faint).abs().max() < 0.1


def test_each_channel_stands_alone() -> None:
    batch = images(2)
    other = batch.clone()
    other[:, 1] = images(2, seed=2)[:, 1]
    assert torch.equal(LocalContrast(5)(batch)[:, 0], LocalContrast(5)(other)[:, 0])
    assert not torch.allclose(LocalContrast(5)(batch)[:, 1], LocalContrast(5)(other)[:, 1], atol=0.1)


def test_a_spot_stands_out_the_same_in_light_and_in_shade() -> None:
    image = torch.linspace(0, 20, 64).expand(1, 1, 64, 64).clone()  # light that grows from left to right
    image[0, 0, 32, [16, 48]] += 5
    contrast = LocalContrast(9)(image)[0, 0]
    assert contrast[32, 16] == contrast.max() or contrast[32, 48] == contrast.max()
    torch.testing.assert_close(contrast[32, 16], contrast[32, 48], rtol=1e-3, atol=1e-3)
    assert contrast[32, 16] > 3 * contrast[5, 16].abs()


def test_is_the_difference_to_the_mean_over_the_deviation_of_the_differences() -> None:
    """By thought: window 3 on 0, 0, 6, 0, 0 in a row; means 0 2 2 2 0, differences 0 -2 4 -2 0."""
    row = torch.tensor([0.0, 0.0, 6.0, 0.0, 0.0]).expand(1, 1, 5, 5)
    deviations = (torch.tensor([4 / 3, 20 / 3, 8.0, 20 / 3, 4 / 3]) + FLOOR**2).sqrt()
    expected = torch.tensor([0.0, -2.0, 4.0, -2.0, 0.0]) / deviations
    torch.testing.assert_close(LocalContrast(3)(row)[0, 0, 2], expected)


@pytest.mark.parametrize("window", [1, 2, 3, 7, 8, 17, 20])
def test_sums_are_those_of_the_neighbours(window: int) -> None:
    values = torch.randn(2, 20, 5, dtype=torch.double)
    torch.testing.assert_close(sums(values, window, 1), values.unfold(1, window, 1).sum(-1))

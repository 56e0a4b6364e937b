"""Maps that point at a mask, away from it, and nowhere."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from model.errors import MetricError
from model.metrics.localisation import average_precision, energy_inside, localise, pointing_game


@pytest.fixture
def mask() -> Tensor:
    inside = torch.zeros(10, 20, dtype=torch.bool)
    inside[2:5, 4:10] = True
    return inside


def test_the_mask_itself_is_perfect(mask: Tensor) -> None:
    assert localise(mask.float(), mask) == (1.0, 1.0, 1.0, 18 / 200, 18 / 200)


def test_its_opposite_is_as_bad_as_can_be(mask: Tensor) -> None:
    found = localise((~mask).float(), mask)
    assert (found.pointing_game, found.energy_inside) == (0.0, 0.0)
    assert found.average_precision == pytest.approx(18 / 200)


@pytest.mark.parametrize("value", [-2.0, 0.0, 0.7])
def test_a_constant_map_scores_the_mask_s_share(mask: Tensor, value: float) -> None:
    assert localise(torch.full((10, 20), value), mask) == pytest.approx((0.09, 0.09, 0.09, 0.09, 0.09))


def test_pointing_game_looks_at_the_maximum_only(mask: Tensor) -> None:
    saliency = torch.rand(10, 20, generator=torch.Generator().manual_seed(0))
    for place, hit in (((3, 5), 1.0), ((3, 11), 0.0)):
        pointed = saliency.clone()
        pointed[place] = 2.0
        assert pointing_game(pointed, mask) == hit
    saliency[3, 5] = saliency[9, 9] = saliency[9, 0] = saliency[4, 9] = 2.0
    assert pointing_game(saliency, mask) == 0.5


@pytest.mark.parametrize(("tolerance_px", "hit"), [(0, 0.0), (1, 0.0), (2, 1.0)])
def test_pointing_game_forgives_what_is_near(mask: Tensor, tolerance_px: int, hit: float) -> None:
    saliency = torch.zeros(10, 20)
    saliency[3, 11] = 1.0  # the mask ends at column 9
    assert localise(saliency, mask, tolerance_px=tolerance_px).pointing_game == hit


def test_what_is_forgiven_is_chances_too(mask: Tensor) -> None:
    found = localise(torch.full((10, 20), 0.5), mask, tolerance_px=2)
    assert found.pointing_game == found.pointing_chance == 7 * 10 / 200
    assert (found.energy_inside, found.average_precision) == pytest.approx((0.09, 0.09))


def test_energy_is_the_share_of_what_is_positive(mask: Tensor) -> None:
    saliency = torch.zeros(10, 20)
    saliency[3, 5], saliency[0, 0], saliency[9, 19] = 3.0, 1.0, -7.0
    assert energy_inside(saliency, mask) == 0.75


def test_average_precision_goes_down_the_ranking() -> None:
    saliency = torch.tensor([[5.0, 4.0, 3.0, 2.0, 1.0]])
    mask = torch.tensor([[True, False, True, False, False]])
    assert average_precision(saliency, mask) == pytest.approx((1 / 1 + 2 / 3) / 2)


def test_average_precision_takes_ties_together() -> None:
    saliency = torch.tensor([[2.0, 2.0, 1.0, 1.0]])
    mask = torch.tensor([[True, False, False, True]])
    assert average_precision(saliency, mask) == pytest.approx((1 / 2 + 2 / 4) / 2)


def test_average_precision_of_noise_is_the_mask_s_share() -> None:
    generator = torch.Generator().manual_seed(0)
    mask = torch.rand(100, 100, generator=generator) < 0.2
    scores = [average_precision(torch.rand(100, 100, generator=generator), mask) for _ in range(10)]
    assert np.mean(scores) == pytest.approx(float(mask.float().mean()), abs=0.01)


def test_a_small_map_is_upsampled(mask: Tensor) -> None:
    small = torch.zeros(5, 10)
    small[1, 3] = 1.0
    assert localise(small, mask).pointing_game == 1.0


def test_an_empty_mask_is_refused(mask: Tensor) -> None:
    with pytest.raises(MetricError, match="mask"):
        localise(mask.float(), torch.zeros_like(mask))


def test_a_map_that_is_not_finite_is_refused(mask: Tensor) -> None:
    with pytest.raises(MetricError, match="not finite"):
        localise(torch.full((10, 20), float("nan")), mask)

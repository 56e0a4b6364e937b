"""Attention against lesion masks: what each loss calls perfect, hopeless, and undecided."""

from __future__ import annotations

import math
from typing import get_args

import pytest
import torch
from torch import Tensor

from training.fit.mask_loss import mask_loss
from training.sections import MaskLoss

KINDS: tuple[MaskLoss, ...] = get_args(MaskLoss)


def cells(lesions: int) -> Tensor:
    """(2, 1, 4, 4) masks with that many lesion cells in all."""
    masks = torch.zeros(32)
    masks[:lesions] = 1
    return masks.view(2, 1, 4, 4)


def everywhere(value: float) -> Tensor:
    return torch.full((2, 1, 4, 4), value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lesions", [0, 1, 16, 32])
def test_perfect_attention_costs_nothing(kind: MaskLoss, lesions: int) -> None:
    assert float(mask_loss(cells(lesions), cells(lesions), kind)) < 1e-4


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lesions", [1, 16, 31])
def test_wrong_attention_costs_more_than_undecided_attention(kind: MaskLoss, lesions: int) -> None:
    wrong, undecided = (
        float(mask_loss(attention, cells(lesions), kind)) for attention in (1 - cells(lesions), everywhere(0.5))
    )
    assert wrong > undecided > 0.05


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_saturated_attention_gives_a_finite_loss_and_gradient(kind: MaskLoss, value: float) -> None:
    attention = everywhere(value).requires_grad_()
    loss = mask_loss(attention, cells(5), kind)
    loss.backward()
    assert attention.grad is not None
    assert math.isfinite(float(loss.detach()))
    assert bool(attention.grad.isfinite().all())


@pytest.mark.parametrize("kind", KINDS)
def test_any_lesion_in_a_cell_makes_it_a_lesion_cell(kind: MaskLoss) -> None:
    torch.testing.assert_close(
        mask_loss(everywhere(0.3), cells(3) * 0.01, kind), mask_loss(everywhere(0.3), cells(3), kind)
    )


@pytest.mark.parametrize("lesions", [1, 5, 16, 31])
def test_balanced_loss_of_undecided_attention_is_log_2_however_rare_lesions_are(lesions: int) -> None:
    loss = mask_loss(everywhere(0.5), cells(lesions), "balanced_bce")
    assert float(loss) == pytest.approx(math.log(2), rel=1e-5)


@pytest.mark.parametrize("lesions", [1, 5, 31])
def test_balanced_missing_of_all_lesions_costs_as_much_as_seeing_them_everywhere(lesions: int) -> None:
    nowhere, all_over = (
        float(mask_loss(everywhere(value), cells(lesions), "balanced_bce")) for value in (0.1, 0.9)
    )
    assert nowhere == pytest.approx(all_over, rel=1e-5)
    assert nowhere == pytest.approx((math.log(1 / 0.9) + math.log(1 / 0.1)) / 2, rel=1e-5)


def test_cross_entropy_is_the_mean_over_the_cells() -> None:
    expected = (8 * math.log(1 / 0.2) + 24 * math.log(1 / 0.8)) / 32
    assert float(mask_loss(everywhere(0.2), cells(8), "bce")) == pytest.approx(expected, rel=1e-5)


def test_focal_loss_weighs_each_cell_by_the_square_of_its_error() -> None:
    expected = (8 * 0.8**2 * math.log(1 / 0.2) + 24 * 0.2**2 * math.log(1 / 0.8)) / 32
    assert float(mask_loss(everywhere(0.2), cells(8), "focal")) == pytest.approx(expected, rel=1e-5)


def test_dice_is_one_minus_the_overlap_of_both_images_together() -> None:
    # 20 lesion cells: all of the first image, 4 of the second; attention: the first image alone
    attention = torch.cat([torch.ones(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)])
    expected = 1 - (2 * 16 + 1) / (16 + 20 + 1)
    assert float(mask_loss(attention, cells(20), "dice")) == pytest.approx(expected, rel=1e-4)
    both = mask_loss(everywhere(0.3), cells(20), "dice") + mask_loss(everywhere(0.3), cells(20), "bce")
    torch.testing.assert_close(mask_loss(everywhere(0.3), cells(20), "dice_bce"), both)


@pytest.mark.parametrize(("kind", "best"), [("bce", 0.25), ("focal", 0.4), ("balanced_bce", 0.5)])
def test_where_nothing_tells_cells_apart_only_the_balanced_map_reaches_one_half(
    kind: MaskLoss, best: float
) -> None:
    values = [step / 100 for step in range(1, 100)]
    losses = [float(mask_loss(everywhere(value), cells(8), kind)) for value in values]
    assert values[losses.index(min(losses))] == pytest.approx(best, abs=0.02)

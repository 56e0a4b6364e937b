"""Eq. (6) and the attention's loss, by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from model.network import LabnOutput
from training.fit.losses import attention_loss, class_loss, labn_loss
from training.sections import LossConfig

LOGITS = torch.tensor([[2.0, 0.0], [1.0, 1.0], [0.0, 3.0]])
LABELS = torch.tensor([0, 1, 0])
# -log softmax of the right class: the distance of the two logits decides
CROSS_ENTROPIES = (math.log1p(math.exp(-2)), math.log(2), math.log1p(math.exp(3)))


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


# of a one-hot target, K = 2: softplus(-logit) where it is 1, softplus(logit) where it is 0
BINARY_ROWS = (
    (softplus(-2) + softplus(0)) / 2,
    (softplus(1) + softplus(-1)) / 2,
    (softplus(0) + softplus(3)) / 2,
)


def mean(*values: float) -> float:
    return sum(values) / len(values)


@pytest.mark.parametrize(("kind", "each"), [("cross_entropy", CROSS_ENTROPIES), ("one_hot_bce", BINARY_ROWS)])
def test_class_loss_is_the_mean_over_the_images(kind: str, each: tuple[float, ...]) -> None:
    loss = class_loss(LOGITS, LABELS, LossConfig(kind=kind))
    assert float(loss) == pytest.approx(mean(*each), rel=1e-6)


def test_weighted_cross_entropy_is_the_weighted_mean() -> None:
    loss = class_loss(LOGITS, LABELS, LossConfig(class_weights=(1.0, 3.0)))
    first, second, third = CROSS_ENTROPIES
    assert float(loss) == pytest.approx((first + 3 * second + third) / 5, rel=1e-6)


def test_weighted_one_hot_loss_is_divided_by_the_count_not_the_weights() -> None:
    loss = class_loss(LOGITS, LABELS, LossConfig(kind="one_hot_bce", class_weights=(1.0, 3.0)))
    first, second, third = BINARY_ROWS
    assert float(loss) == pytest.approx((first + 3 * second + third) / 3, rel=1e-6)


@pytest.mark.parametrize(("kind", "factor"), [("cross_entropy", 1), ("one_hot_bce", 4)])
def test_equal_weights_change_nothing_but_the_one_hot_losss_scale(kind: str, factor: int) -> None:
    plain, weighted = (
        class_loss(LOGITS, LABELS, LossConfig(kind=kind, class_weights=tuple(weights)))
        for weights in ([], [4.0, 4.0])
    )
    torch.testing.assert_close(weighted, factor * plain)


@pytest.mark.parametrize(("kind", "right", "wrong"), [
    ("cross_entropy", math.log1p(math.exp(-2)), math.log1p(math.exp(2))),
    ("one_hot_bce", (softplus(-1) + softplus(-1)) / 2, (softplus(1) + softplus(1)) / 2),
])  # fmt: skip
def test_smoothing_gives_every_class_its_share(kind: str, right: float, wrong: float) -> None:
    config = LossConfig(kind=kind, label_smoothing=0.2)
    loss = class_loss(torch.tensor([[1.0, -1.0]]), torch.tensor([0]), config)
    assert float(loss) == pytest.approx(0.9 * right + 0.1 * wrong, rel=1e-6)


@pytest.mark.parametrize("weight", [0.0, 1.0, 0.25])
def test_equation_6_adds_lambda_times_the_branch(weight: float) -> None:
    output = LabnOutput(LOGITS, LOGITS.flip(1), torch.full((3, 1, 2, 2), 0.5))
    branch = mean(math.log1p(math.exp(2)), math.log(2), math.log1p(math.exp(-3)))
    loss = labn_loss(output, LABELS, LossConfig(branch_weight=weight))
    assert float(loss) == pytest.approx(mean(*CROSS_ENTROPIES) + weight * branch, rel=1e-6)


def test_masks_count_only_with_their_weight() -> None:
    output = LabnOutput(LOGITS, LOGITS, torch.full((3, 1, 2, 2), 0.5))
    masks = torch.zeros(3, 1, 2, 2)
    masks[0, 0, 0, 0] = masks[1, 0, 1, 1] = 1
    without, with_masks = (
        float(labn_loss(output, LABELS, LossConfig(mask_weight=weight), masks)) for weight in (0.0, 2.0)
    )
    assert without == pytest.approx(2 * mean(*CROSS_ENTROPIES), rel=1e-6)
    assert with_masks - without == pytest.approx(2 * math.log(2), rel=1e-5)


def test_image_with_unknown_mask_adds_nothing() -> None:
    config, noise = LossConfig(mask_weight=1.0), torch.Generator().manual_seed(0)
    attention = torch.rand(3, 1, 4, 4, generator=noise)
    masks = (torch.rand(3, 1, 4, 4, generator=noise) > 0.5).float()
    known = torch.tensor([True, False, True])

    def loss(of: slice, masks: Tensor, known: Tensor | None) -> float:
        return float(attention_loss(attention[of], masks[of], config, known))

    both = loss(slice(0, 3, 2), masks, None)
    assert loss(slice(3), masks, known) == pytest.approx(both, rel=1e-6)
    assert loss(slice(3), masks.index_fill(0, torch.tensor(1), 1.0), known) == pytest.approx(both, rel=1e-6)
    assert loss(slice(3), masks, None) != pytest.approx(both, rel=1e-3)


def test_batch_without_any_known_mask_has_a_loss_and_a_gradient_of_zero() -> None:
    attention = torch.full((2, 1, 2, 2), 0.3, requires_grad=True)
    loss = attention_loss(attention, torch.ones(2, 1, 2, 2), LossConfig(), torch.zeros(2, dtype=torch.bool))
    loss.backward()
    assert float(loss.detach()) == 0
    assert attention.grad is not None
    assert not attention.grad.any()

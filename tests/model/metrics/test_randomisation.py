"""Parameter randomisation, and how alike two maps are."""

from __future__ import annotations

import pytest
import torch

from model.errors import MetricError
from model.explain.attention import Attention
from model.explain.edges import Edges
from model.metrics.randomisation import randomisation_cascade, rank_correlation
from tests.model.networks import images, small_network

PARTS = ["classify", "after.1", "after.0", "branch", "before.0", "stem"]


@pytest.mark.parametrize("is_folded", [False, True])
def test_parts_fall_one_by_one_from_the_output_to_the_input(is_folded: bool) -> None:
    network = small_network().folded() if is_folded else small_network()
    original = dict(network.named_parameters())
    expected: tuple[str, ...] = ()
    for part, copy in randomisation_cascade(network):
        expected = (*expected, part)
        for name, parameter in copy.named_parameters():
            same = torch.equal(parameter, original[name])
            is_small = len(original[name].unique()) < 6  # a shuffle may leave it as it was
            assert same or name.startswith(expected)
            assert not same or is_small or not name.startswith(expected)
            assert torch.equal(parameter.flatten().sort().values, original[name].flatten().sort().values)
    assert list(expected) == PARTS


def test_the_network_itself_stays_and_the_copies_are_independent() -> None:
    network, batch = small_network().folded(), images(2)
    before = network(batch).logits
    copies = [copy for _, copy in randomisation_cascade(network)]
    assert torch.equal(network(batch).logits, before)
    assert len({tuple(copy(batch).logits.flatten().tolist()) for copy in copies}) == len(copies)


def test_the_same_seed_randomises_alike() -> None:
    network, batch = small_network().folded(), images(1)
    last = [list(randomisation_cascade(network, seed=seed))[-1][1](batch).logits for seed in (0, 0, 1)]
    assert torch.equal(last[0], last[1])
    assert not torch.equal(last[0], last[2])


def test_attention_follows_the_network_and_edges_do_not() -> None:
    network, batch, targets = small_network().folded(), images(1), torch.tensor([1])
    randomised = list(randomisation_cascade(network))[-1][1]
    similar = [
        rank_correlation(method(network, batch, targets), method(randomised, batch, targets))
        for method in (Attention(), Edges())
    ]
    assert similar[0] < 0.9
    assert similar[1] == pytest.approx(1.0)


class TestRankCorrelation:
    def test_sees_the_order_only(self) -> None:
        values = torch.rand(6, 7, generator=torch.Generator().manual_seed(0))
        assert rank_correlation(values, values.exp()) == pytest.approx(1.0)
        assert rank_correlation(values, -(values**3)) == pytest.approx(-1.0)

    def test_ties_share_their_mean_rank(self) -> None:
        first, second = torch.tensor([1.0, 2.0, 2.0, 3.0]), torch.tensor([1.0, 2.0, 3.0, 4.0])
        assert rank_correlation(first, second) == pytest.approx(4.5 / (4.5 * 5) ** 0.5)

    def test_of_a_constant_map_is_0(self) -> None:
        assert rank_correlation(torch.ones(3, 3), torch.rand(3, 3)) == 0.0

    def test_refuses_what_cannot_be_compared(self) -> None:
        with pytest.raises(MetricError):
            rank_correlation(torch.ones(3, 3), torch.ones(3, 4))
        with pytest.raises(MetricError):
            rank_correlation(torch.ones(2), torch.tensor([1.0, float("nan")]))

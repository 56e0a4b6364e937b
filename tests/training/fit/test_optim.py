"""The groups of Table 1, and how the rates fall."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from model.network import LambdaAbn
from model.presets import network_config
from tests.training.conftest import MakeConfig
from training.fit.optim import make_optimizer, make_schedule
from training.sections import OptimConfig


@pytest.fixture
def network(make_config: MakeConfig) -> LambdaAbn:
    return LambdaAbn(make_config().network)


@pytest.mark.parametrize("changes", [
    {}, {"split": 0}, {"split": 10}, {"contrast_window": 0}, {"branch_block": "lambda"},
])  # fmt: skip
def test_groups_hold_every_parameter_exactly_once(changes: dict[str, Any]) -> None:
    with torch.device("meta"):
        network = LambdaAbn(network_config("compact", **changes))
    held = [id(p) for group in make_optimizer(network, OptimConfig()).param_groups for p in group["params"]]
    assert sorted(held) == sorted(map(id, network.parameters()))


def test_rates_and_decay_are_those_of_table_1(network: LambdaAbn) -> None:
    optimizer = make_optimizer(network, OptimConfig())
    rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    for name, parameter in network.named_parameters():
        fast = name.startswith(("branch.", "classify."))
        assert rates[id(parameter)] == (1e-3 if fast else 1e-4), name
    assert {group["weight_decay"] for group in optimizer.param_groups} == {0.09}


def test_cosine_warms_up_in_equal_steps_and_falls_to_nothing(network: LambdaAbn) -> None:
    config = OptimConfig(schedule="cosine", warmup_epochs=3, trunk_lr=0.1, branch_lr=0.4)
    optimizer = make_optimizer(network, config)
    schedule = make_schedule(optimizer, config, 11)
    assert isinstance(schedule, LambdaLR)
    shares = []
    for _ in range(11):
        fast, slow = (group["lr"] for group in optimizer.param_groups)
        assert fast == pytest.approx(4 * slow)
        shares.append(slow / 0.1)
        optimizer.step()
        schedule.step()
    assert shares[:4] == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert shares[7] == pytest.approx(0.5)  # half-way from 3 to 11
    assert shares[10] == pytest.approx(0.5 * (1 + math.cos(math.pi * 7 / 8)))
    assert optimizer.param_groups[1]["lr"] == pytest.approx(0, abs=1e-9)


def test_plateau_lowers_by_a_third_after_its_patience_and_not_below_the_floor(network: LambdaAbn) -> None:
    config = OptimConfig(plateau_patience=2, min_lr=5e-5)
    optimizer = make_optimizer(network, config)
    schedule = make_schedule(optimizer, config, 100)
    assert isinstance(schedule, ReduceLROnPlateau)
    rates = []
    for loss in (1.0, 0.9, 0.9, 0.9, 0.9, 0.95, 0.95, 0.95):
        schedule.step(loss)
        rates.append(tuple(group["lr"] for group in optimizer.param_groups))
    start, once, twice = (1e-3, 1e-4), (3.33e-4, 5e-5), (1.10889e-4, 5e-5)
    assert rates == [pytest.approx(expected) for expected in [start] * 4 + [once] * 3 + [twice]]

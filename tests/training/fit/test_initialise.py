"""Weights from another checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from model.checkpoint import load_checkpoint
from model.errors import CheckpointError
from model.network import LambdaAbn
from tests.training.conftest import MakeConfig
from training.fit.initialise import copy_matching_weights

HEADS = {"classify.weight", "classify.bias", "branch.classify.weight"}


def copied(source: LambdaAbn, target: LambdaAbn) -> set[str]:
    """Names of the target's weights that are the source's afterwards, and were not before."""
    before = {name: tensor.clone() for name, tensor in target.state_dict().items()}
    copy_matching_weights(source, target)
    after, given = target.state_dict(), source.state_dict()
    kept = {name for name in after if torch.equal(after[name], before[name])}
    assert all(torch.equal(after[name], given[name]) for name in after if name not in kept)
    return set(after) - kept


@pytest.mark.parametrize("labels", [("negative", "positive"), ("a", "b", "c")], ids=["same heads", "other heads"])
def test_all_weights_are_copied_but_heads_of_another_class_count(
    save_tiny: Callable[..., Path], make_config: MakeConfig, labels: tuple[str, ...]
) -> None:
    source = load_checkpoint(save_tiny("source", labels=labels), folded=False).network
    target = LambdaAbn(make_config().network)
    names = {name for name, tensor in target.named_parameters()}
    assert copied(source, target) & names == (names if len(labels) == 2 else names - HEADS)


@pytest.mark.parametrize(("changes", "named"), [
    ({"stem_channels": 16}, "stem"),
    ({"split": 2}, "(before.1|after.0)"),
    ({"stage_depths": [1, 2]}, "after.1"),
    ({"branch_depth": 1}, "branch.blocks.1"),
])  # fmt: skip
def test_another_network_is_refused_with_the_weights_that_differ(
    make_config: MakeConfig, changes: dict[str, Any], named: str
) -> None:
    one, other = LambdaAbn(make_config().network), LambdaAbn(make_config(network=changes).network)
    for source, target in ((one, other), (other, one)):
        with pytest.raises(CheckpointError, match=f"weights differ, the first: .*{named}"):
            copy_matching_weights(source, target)

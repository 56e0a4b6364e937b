"""Weights from another checkpoint as a starting point."""

from __future__ import annotations

from model.errors import CheckpointError
from model.network import LambdaAbn


def copy_matching_weights(source: LambdaAbn, target: LambdaAbn) -> None:
    """Copy all weights; the class heads only where the class count is the same.

    Raises:
        CheckpointError: naming the weights that differ elsewhere.
    """
    wanted, given = target.state_dict(), source.state_dict()
    heads = ("classify.", "branch.classify.")
    differing = [name for name in wanted if name not in given or given[name].shape != wanted[name].shape]
    if strange := [name for name in differing if not name.startswith(heads)]:
        raise CheckpointError(f"cannot initialise: {len(strange)} weights differ, the first: {strange[:5]}")
    target.load_state_dict({name: wanted[name] if name in differing else given[name] for name in wanted})

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
    both = {name for name in wanted if name in given and given[name].shape == wanted[name].shape}
    differing = [name for name in wanted | given if name not in both]
    if strange := [name for name in differing if not name.startswith(heads)]:
        raise CheckpointError(f"cannot initialise: {len(strange)} weights differ, the first: {strange[:5]}")
    target.load_state_dict({name: given[name] if name in both else wanted[name] for name in wanted})

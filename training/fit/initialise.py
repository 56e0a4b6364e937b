"""Start of a run from the weights of another checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from model.checkpoint import load_checkpoint
from model.errors import CheckpointError
from model.network import LambdaAbn
from training.config import TrainingConfig
from training.split import Split, check_start, splits_of_card


@dataclass(frozen=True)
class Start:
    """Checkpoint that a run started from."""

    version: str = ""  # empty: none
    splits: tuple[Split, ...] = ()  # splits of real images that it was trained on


def initialise(network: LambdaAbn, config: TrainingConfig) -> Start:
    """Copy the weights of `run.initialise_from`, if it is set, into the network.

    Raises:
        CheckpointError: the checkpoint is missing, or its weights do not fit the network.
        SplitMismatch: it was trained on another split of the real images.
    """
    if not config.run.initialise_from:
        return Start()
    source = load_checkpoint(Path(config.run.initialise_from), folded=False)
    check_start(source.card, config)
    copy_matching_weights(source.network, network)
    return Start(source.version, tuple(splits_of_card(source.card)))


def copy_matching_weights(source: LambdaAbn, target: LambdaAbn) -> None:
    """Copy all weights; those of the class heads only if the number of classes is the same.

    Raises:
        CheckpointError: naming the other weights that differ.
    """
    wanted, given = target.state_dict(), source.state_dict()
    heads = ("classify.", "branch.classify.")
    both = {name for name in wanted if name in given and given[name].shape == wanted[name].shape}
    differing = [name for name in wanted | given if name not in both]
    if strange := [name for name in differing if not name.startswith(heads)]:
        raise CheckpointError(f"cannot initialise: {len(strange)} weights differ, the first: {strange[:5]}")
    target.load_state_dict({name: given[name] if name in both else wanted[name] for name in wanted})

"""Split of a run's real images into training and validation, and a check that a start checkpoint respects it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from training.config import TrainingConfig
from training.errors import SplitMismatch

Split = dict[str, Any]


def split_of(config: TrainingConfig) -> Split | None:
    """Return the keys that decide which real images are for validation; None for generated images."""
    data = config.data
    if data.generated:
        return None
    if data.kind == "defn":  # split by years
        return {"kind": data.kind}
    part = {"folds": data.folds, "fold": data.fold} if data.folds else {"validation_share": data.validation_share}
    return {"kind": data.kind, "seed": config.run.seed, **part}


def splits_of_card(card: Mapping[str, Any]) -> list[Split]:
    """Return the splits of real images that a checkpoint and its predecessors were trained on.

    Checkpoints from before cards listed them tell their own split only; imported ones tell none.
    """
    if "splits" in card:
        return list(card["splits"])
    own = split_of(TrainingConfig.from_dict(card["training"])) if "training" in card else None
    return [own] if own else []


def check_start(card: Mapping[str, Any], config: TrainingConfig) -> None:
    """Refuse a start from a checkpoint that may have been trained on this run's validation images.

    Generated images are never refused: neither a start from them, nor a run on them.

    Raises:
        SplitMismatch: naming both splits.
    """
    own = split_of(config)
    if own is None or config.run.disjoint_start:
        return
    for split in splits_of_card(card):
        if split != own:
            raise SplitMismatch(
                f"{config.run.initialise_from} was trained on another split ({_in_words(split)}) than this run "
                f"({_in_words(own)}), so this run's validation images may be among its training images; set "
                "run.disjoint_start = true if its images are from another data set"
            )


def _in_words(split: Split) -> str:
    return ", ".join(f"{key} {value}" for key, value in split.items())

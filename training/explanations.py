"""Which images of a data set explanations are evaluated on: as in the paper, the positives."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from model.checkpoint import LoadedCheckpoint
from model.evaluation.folder import Item
from training.data.examples import Example
from training.data.images import network_inputs
from training.errors import DatasetError
from training.evaluation import outputs

Classes = Literal["positive", "all"]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is kept of a split, one condition after the other."""

    classes: Classes = "positive"  # of any class but the first
    correct_only: bool = False  # what the checkpoint predicts rightly
    masked_only: bool = False
    sample: int | None = None  # images at most; a larger sample of the same seed holds the smaller one
    seed: int = 0


def chosen_items(loaded: LoadedCheckpoint, examples: Sequence[Example], choice: Choice) -> list[Item]:
    """Return the chosen images; each one's target is its own class.

    Raises:
        DatasetError: none is left, or an image does not decode.
        NonFiniteOutput: the network overflowed on an image.
    """
    chosen = [example for example in examples if choice.classes == "all" or example.label > 0]
    if choice.masked_only:
        chosen = [example for example in chosen if example.masks]
    if choice.correct_only and chosen:
        predicted = _predicted(loaded, chosen)
        chosen = [example for example, label in zip(chosen, predicted, strict=True) if example.label == label]
    if not chosen:
        raise DatasetError(f"of {len(examples)} images none is chosen: {choice}")
    chosen.sort(key=lambda example: example.path)
    random.Random(choice.seed).shuffle(chosen)
    return [Item(e.path, e.masks, loaded.labels[e.label]) for e in chosen[: choice.sample]]


def _predicted(loaded: LoadedCheckpoint, examples: Sequence[Example]) -> list[int]:
    images = network_inputs(examples, loaded.preprocessing)
    return [label for output in outputs(loaded, images) for label in output.logits.argmax(1).tolist()]

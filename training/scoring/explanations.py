"""Explanations evaluated on images that a network was not trained on: as in the paper, on the positives."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from model.checkpoint import LoadedCheckpoint
from model.cli.pid import print_lines
from model.evaluation.folder import EvaluationFolder, Item
from model.evaluation.report import write_report, written_documents
from model.evaluation.request import EvaluationRequest
from training.data.examples import Example
from training.data.images import network_inputs
from training.errors import DatasetError
from training.scoring.classification import EvaluationSplit, outputs
from training.scoring.held_out import held_out_files

Classes = Literal["positive", "all"]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is kept of a split, one condition after the other."""

    classes: Classes = "positive"  # of any class but the first
    correct_only: bool = False  # what the checkpoint predicts rightly
    masked_only: bool = False
    sample: int | None = None  # images at most; a larger sample of the same seed holds the smaller one
    seed: int = 0

    @property
    def positives(self) -> bool:
        """Whether images of the first class are out."""
        return self.classes == "positive"


def evaluate_explanations(
    checkpoints: Sequence[LoadedCheckpoint],
    request: EvaluationRequest,
    choice: Choice,
    root: Path | None,
    split: EvaluationSplit,
    out: Path,
) -> int:
    """Evaluate checkpoints on the chosen images of their splits, a JSON line on stdout for each image; resumable.

    Several checkpoints, as of the folds of one training, have their results in `part0`, `part1` … of the folder,
    and one report over all.

    Returns:
        0; 1 where some image could not be used.

    Raises:
        DatasetError: the data cannot be used.
        ConfigurationError: a checkpoint has no such target, or results would lie upon images.
    """
    folders = [out] if len(checkpoints) == 1 else [out / f"part{place}" for place in range(len(checkpoints))]
    failed = 0
    for loaded, folder in zip(checkpoints, folders, strict=True):
        images = folder / "images" / split
        loaded, examples = held_out_files(loaded, root, split, images, positives=choice.positives)
        items = chosen_items(loaded, examples, choice)
        failed |= print_lines(EvaluationFolder(loaded, request, folder), items)
    if len(folders) > 1:
        write_report(out, [document for folder in folders for document in written_documents(folder)])
    return failed


def chosen_items(loaded: LoadedCheckpoint, examples: Sequence[Example], choice: Choice) -> list[Item]:
    """Return the chosen images; each one's target is its own class.

    Raises:
        DatasetError: none is left, or an image does not decode.
        NonFiniteOutput: the network overflowed on an image.
    """
    chosen = [example for example in examples if example.label > 0 or not choice.positives]
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

"""Evaluates explanations on held-out images; by default, as in the paper, on positives."""

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
    """Choice of images from a split; conditions apply in the order of the fields."""

    classes: Classes = "positive"  # any class but the first
    correct_only: bool = False  # only correctly classified images
    masked_only: bool = False
    sample: int | None = None  # largest number of images; with one seed, larger samples contain smaller ones
    seed: int = 0

    @property
    def positives(self) -> bool:
        """Whether images of the first class are excluded."""
        return self.classes == "positive"


def evaluate_explanations(
    checkpoints: Sequence[LoadedCheckpoint],
    request: EvaluationRequest,
    choice: Choice,
    root: Path | None,
    split: EvaluationSplit,
    out: Path,
) -> int:
    """Evaluate checkpoints on chosen images of their splits; print a JSON line per image. Resumable.

    Results of several checkpoints, such as the folds of one training, go to `part0`, `part1`, … in the folder, with
    one report over all of them.

    Returns:
        0; 1 if an image could not be used.

    Raises:
        DatasetError: the data cannot be used.
        ConfigurationError: a checkpoint does not have the target, or results would overwrite images.
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
    """Return the chosen images, each with its own class as target.

    Raises:
        DatasetError: no image is left, or one cannot be decoded.
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

"""Labelled image files and their split into training and validation."""

from __future__ import annotations

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from training.errors import DatasetError


@dataclass(frozen=True)
class Example:
    """One labelled image file."""

    path: Path
    label: int
    masks: tuple[Path, ...] = ()  # masks of the class's evidence, white on black; their union counts
    clear: bool = False  # its label rules out any evidence: equivalent to a black mask


def check_examples(examples: Sequence[Example], labels: Sequence[str]) -> None:
    """Check that all files exist and no class is empty.

    Raises:
        DatasetError: naming the first missing files, or the class.
    """
    missing = [p for e in examples for p in (e.path, *e.masks) if not p.is_file()]
    if missing:
        raise DatasetError(f"{len(missing)} files are missing, the first: {', '.join(map(str, missing[:3]))}")
    counts = Counter(example.label for example in examples)
    if empty := [label for index, label in enumerate(labels) if not counts[index]]:
        raise DatasetError(f"no image of class {empty[0]!r} among {len(examples)} images")


def split_examples(examples: Sequence[Example], *, share: float, seed: int) -> tuple[list[Example], list[Example]]:
    """Split into training and validation, the latter with the given share of each class.

    Byte-identical images stay in the same part.

    Raises:
        DatasetError: a class is too small to be split.
    """
    training: list[Example] = []
    validation: list[Example] = []
    for label, twins in _shuffled(examples, seed).items():
        wanted = round(share * sum(map(len, twins)))
        taken: list[Example] = []
        while twins and len(taken) < wanted:
            taken += twins.pop()
        if not taken or not twins:
            raise DatasetError(f"class {label} is too small to be split by {share:.0%}")
        validation += taken
        training += chain.from_iterable(twins)
    return training, validation


def fold_examples(
    examples: Sequence[Example], *, folds: int, fold: int, seed: int
) -> tuple[list[Example], list[Example]]:
    """Split for cross-validation: one of `folds` parts of each class is for validation, the rest for training.

    With one seed each image is for validation in exactly one fold; byte-identical images stay in the same part.

    Raises:
        DatasetError: a class is too small to be split.
    """
    training: list[Example] = []
    validation: list[Example] = []
    for label, twins in _shuffled(examples, seed).items():
        if len(twins) < folds:
            raise DatasetError(f"class {label} has too few images for {folds} folds")
        for place, group in enumerate(twins):
            (validation if place % folds == fold else training).extend(group)
    return training, validation


def _shuffled(examples: Sequence[Example], seed: int) -> dict[int, list[list[Example]]]:
    """Return the groups of byte-identical images by label, shuffled by the seed."""
    groups: defaultdict[str, list[Example]] = defaultdict(list)
    for example in sorted(examples, key=lambda e: e.path):
        groups[_digest(example.path)].append(example)
    of_label: defaultdict[int, list[list[Example]]] = defaultdict(list)
    for group in groups.values():
        of_label[group[0].label].append(group)
    for label, twins in of_label.items():
        random.Random(f"{seed}/{label}").shuffle(twins)
    return dict(sorted(of_label.items()))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

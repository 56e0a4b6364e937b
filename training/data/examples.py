"""Labelled files, and their split into training and validation."""

from __future__ import annotations

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from training.errors import DatasetError


@dataclass(frozen=True)
class Example:
    """One labelled image file."""

    path: Path
    label: int
    masks: tuple[Path, ...] = ()  # where the class's evidence lies: bright on black, in their union
    clear: bool = False  # by its label it has none anywhere: as good as a black mask


def check_examples(examples: Sequence[Example], labels: Sequence[str]) -> None:
    """Make sure that all files exist and no class is empty.

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

    Byte-identical images never part.

    Raises:
        DatasetError: a class too small to be split.
    """
    twins: defaultdict[str, list[Example]] = defaultdict(list)
    for example in sorted(examples, key=lambda e: e.path):
        twins[_digest(example.path)].append(example)
    groups = list(twins.values())
    training: list[Example] = []
    validation: list[Example] = []
    for label in sorted({group[0].label for group in groups}):
        of_label = [group for group in groups if group[0].label == label]
        random.Random(f"{seed}/{label}").shuffle(of_label)
        wanted = round(share * sum(map(len, of_label)))
        taken: list[Example] = []
        while of_label and len(taken) < wanted:
            taken += of_label.pop()
        if not taken or not of_label:
            raise DatasetError(f"class {label} is too small to be split by {share:.0%}")
        validation += taken
        training += [example for group in of_label for example in group]
    return training, validation


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

"""A user's own images: `labels.csv` with columns file,label[,mask], or one folder per class."""

from __future__ import annotations

from pathlib import Path

from model.images.file_types import SUFFIXES
from training.data.examples import Example, check_examples
from training.data.table import table_rows
from training.errors import DatasetError


def own_examples(root: Path, labels: tuple[str, ...]) -> list[Example]:
    """Read the images under `root`; a label in the table is a class name or its index.

    Raises:
        DatasetError: naming the file, row or class that is wrong.
    """
    table = root / "labels.csv"
    examples = _from_table(table, labels) if table.is_file() else _from_folders(root, labels)
    check_examples(examples, labels)
    return examples


def _from_table(table: Path, labels: tuple[str, ...]) -> list[Example]:
    return [_from_row(table, number, row, labels) for number, row in table_rows(table, ("file", "label"))]


def _from_row(table: Path, number: int, row: dict[str, str], labels: tuple[str, ...]) -> Example:
    label = (row["label"] or "").strip()
    if label in labels:
        index = labels.index(label)
    elif label.isdecimal() and int(label) < len(labels):
        index = int(label)
    else:
        raise DatasetError(f"{table}, line {number}: label {label!r} is none of {labels}")
    if not row["file"]:
        raise DatasetError(f"{table}, line {number}: no file")
    mask = row.get("mask")
    return Example(table.parent / row["file"], index, (table.parent / mask,) if mask else ())


def _from_folders(root: Path, labels: tuple[str, ...]) -> list[Example]:
    if not root.is_dir():
        raise DatasetError(f"{root} is not a folder")
    for label in labels:
        if not (root / label).is_dir():
            raise DatasetError(f"{root} has neither labels.csv nor a folder {label!r}")
    return [
        Example(path, index)
        for index, label in enumerate(labels)
        for path in sorted((root / label).rglob("*"))
        if path.suffix.lower() in SUFFIXES
    ]

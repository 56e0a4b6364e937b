"""IDRiD, the Indian Diabetic Retinopathy Image Dataset (Porwal et al. 2018), in its official folder layout."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from training.data.examples import Example, check_examples
from training.data.segmentation import segmentation_masks
from training.data.table import table_rows
from training.errors import DatasetError

Split = Literal["train", "test"]
LABELS = ("no retinopathy", "retinopathy")  # grade 0, grades 1-4
COLUMNS = ("Image name", "Retinopathy grade")
GRADES = ("0", "1", "2", "3", "4")
_LETTER = {"train": ("a", "Training"), "test": ("b", "Testing")}
RELABELLED_TWIN = (
    "IDRiD_064"  # of the test split: byte-identical to 118 of the training split, but graded differently
)


def idrid_examples(root: Path, split: Split) -> list[Example]:
    """Read one split of the grading task; positive from grade 1 on. Test image 064 is left out.

    Grade 0 means that no lesion is visible: these images have an empty mask. For the others a mask of the same name
    is looked up in the folder "lesion masks" beside the grading folder, then the official ones in
    "A. Segmentation".

    Args:
        root: the folder that holds "B. Disease Grading", or that folder itself; images of any resolution.
        split: official split.

    Raises:
        DatasetError: naming the file that is missing or malformed.
    """
    grading = root if root.name == "B. Disease Grading" else root / "B. Disease Grading"
    letter, word = _LETTER[split]
    images = grading / "1. Original Images" / f"{letter}. {word} Set"
    table = grading / "2. Groundtruths" / f"{letter}. IDRiD_Disease Grading_{word} Labels.csv"
    if not table.is_file():
        raise DatasetError(f"{table} is missing: is {root} the folder that holds 'B. Disease Grading'?")
    masks = grading.parent / "lesion masks" / f"{letter}. {word} Set"
    examples = []
    for name, grade in _rows(table):
        if split == "test" and name == RELABELLED_TWIN:
            continue
        mask = masks / f"{name}.png"
        found = (mask,) if mask.is_file() else ()
        examples.append(Example(images / f"{name}.jpg", int(grade >= 1), found, clear=grade == 0))
    check_examples(examples, LABELS)
    return _with_official_masks(examples, grading.parent)


def _with_official_masks(examples: list[Example], root: Path) -> list[Example]:
    """Add the official masks to diseased images without a mask."""
    bare = [example.path for example in examples if not example.masks and not example.clear]
    found = segmentation_masks(root, bare)
    return [replace(example, masks=found.get(example.path, example.masks)) for example in examples]


def _rows(table: Path) -> list[tuple[str, int]]:
    rows = [(row[COLUMNS[0]], row[COLUMNS[1]]) for _, row in table_rows(table, COLUMNS)]
    for name, grade in rows:
        if name and str(grade).strip() not in GRADES:
            raise DatasetError(f"{table}: the grade of {name} is {grade!r}, none of {', '.join(GRADES)}")
    return [(name.strip(), int(grade)) for name, grade in rows if name]

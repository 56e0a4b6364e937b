"""Masks of the segmentation task find their photographs of the grading task."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model.config import Preprocessing
from model.images.mask import read_masks
from model.images.preprocessing import read_image
from tests.training.folders import idrid_image, idrid_mask, write_idrid, write_mask
from training.data.idrid import idrid_examples
from training.data.segmentation import FOLDER
from training.errors import DatasetError

WHOLE = Preprocessing(mode="rgb", height=30, width=40, mean=(0.5,) * 3, std=(0.25,) * 3)
GRADES = {"IDRiD_001": 0, "IDRiD_002": 1, "IDRiD_003": 4, "IDRiD_004": 2}
SIZE = {"height": 300, "width": 400}


def photograph(root: Path, number: int, *, split: str = "a. Training Set") -> Path:
    return root / FOLDER / "1. Original Images" / split / f"IDRiD_{number:02}.jpg"


def write_segmentation(root: Path, number: int, original: Path, lesions: dict[str, int]) -> None:
    """Write a photograph of the segmentation task, smaller and recompressed, and red masks, a row each."""
    path = photograph(root, number)
    path.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(original) as image:
        image.resize((320, 240)).save(path, quality=70)
    for lesion, row in lesions.items():
        levels = np.zeros((60, 80, 3), np.uint8)
        levels[row, :, 0] = 255
        folder = root / FOLDER / "2. All Segmentation Groundtruths" / "a. Training Set" / f"1. {lesion}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(levels).save(folder / f"IDRiD_{number:02}_{lesion}.tif")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_idrid(tmp_path, "train", GRADES, **SIZE, cells=24)
    write_segmentation(tmp_path, 1, idrid_image(tmp_path, "train", "IDRiD_003"), {"MA": 2, "EX": 40, "OD": 20})
    write_segmentation(tmp_path, 2, idrid_image(tmp_path, "train", "IDRiD_002"), {"HE": 4})
    return tmp_path


def found(root: Path) -> dict[str, list[str]]:
    return {e.path.stem: [mask.stem for mask in e.masks] for e in idrid_examples(root, "train") if e.masks}


def test_masks_go_by_the_photograph_and_not_by_its_number(root: Path) -> None:
    assert found(root) == {"IDRiD_003": ["IDRiD_01_EX", "IDRiD_01_MA"], "IDRiD_002": ["IDRiD_02_HE"]}


def test_union_of_red_masks_lies_where_each_has_its_lesions(root: Path) -> None:
    [example] = [example for example in idrid_examples(root, "train") if example.path.stem == "IDRiD_003"]
    mask = read_masks(example.masks, read_image(example.path, "rgb"), WHOLE)
    assert torch.nonzero(mask.all(dim=1)).flatten().tolist() == [1, 20]  # rows 2 and 40 of 60
    assert int(mask.sum()) == 2 * WHOLE.width


def test_copies_of_a_photograph_share_its_masks(root: Path) -> None:
    idrid_image(root, "train", "IDRiD_004").write_bytes(idrid_image(root, "train", "IDRiD_002").read_bytes())
    assert found(root)["IDRiD_004"] == found(root)["IDRiD_002"] == ["IDRiD_02_HE"]


def test_photograph_of_neither_task_gets_no_mask(root: Path) -> None:
    idrid_image(root, "train", "IDRiD_002").write_bytes(idrid_image(root, "train", "IDRiD_001").read_bytes())
    assert set(found(root)) == {"IDRiD_003"}


def test_mask_of_the_same_name_goes_first(root: Path) -> None:
    write_mask(idrid_mask(root, "train", "IDRiD_003"), height=300, width=400)
    assert found(root) == {"IDRiD_003": ["IDRiD_003"], "IDRiD_002": ["IDRiD_02_HE"]}


def test_mask_without_its_photograph_is_named(root: Path) -> None:
    photograph(root, 2).unlink()
    with pytest.raises(DatasetError, match=r"1 photographs of masks are missing, the first: .*IDRiD_02\.jpg"):
        idrid_examples(root, "train")

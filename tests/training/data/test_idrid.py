"""The official folder layout of IDRiD."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.images.preprocessing import read_image
from tests.training.folders import idrid_image, idrid_mask, idrid_table, write_idrid, write_mask
from training.data.idrid import idrid_examples
from training.errors import DatasetError


def test_positive_is_from_grade_1_on(idrid_root: Path) -> None:
    labels = {example.path.stem: example.label for example in idrid_examples(idrid_root, "train")}
    assert labels == {"IDRiD_001": 0, "IDRiD_002": 1, "IDRiD_003": 1, "IDRiD_064": 0}


def test_image_064_is_left_out_of_the_test_split_only(idrid_root: Path) -> None:
    labels = {example.path.stem: example.label for example in idrid_examples(idrid_root, "test")}
    assert labels == {"IDRiD_001": 1, "IDRiD_002": 0}


def test_image_064_of_the_test_split_may_be_absent(idrid_root: Path) -> None:
    idrid_image(idrid_root, "test", "IDRiD_064").unlink()
    assert len(idrid_examples(idrid_root, "test")) == 2


@pytest.mark.parametrize(("split", "size"), [("train", (40, 60)), ("test", (80, 120))])
def test_images_are_those_of_the_split_at_any_resolution(
    idrid_root: Path, split: str, size: tuple[int, int]
) -> None:
    for example in idrid_examples(idrid_root, split):  # type: ignore[arg-type]  # a parameter is a plain str
        picture = read_image(example.path, "rgb")
        assert (picture.height, picture.width) == size


def test_root_may_be_the_grading_folder_itself(idrid_root: Path) -> None:
    write_mask(idrid_mask(idrid_root, "train", "IDRiD_003"))
    assert idrid_examples(idrid_root / "B. Disease Grading", "train") == idrid_examples(idrid_root, "train")


def test_lesion_masks_are_picked_up_where_there_are_some(idrid_root: Path) -> None:
    mask = write_mask(idrid_mask(idrid_root, "train", "IDRiD_003"))
    write_mask(idrid_mask(idrid_root, "test", "IDRiD_002"))
    masks = {example.path.stem: example.masks for example in idrid_examples(idrid_root, "train")}
    assert masks == {"IDRiD_001": (), "IDRiD_002": (), "IDRiD_003": (mask,), "IDRiD_064": ()}


def test_only_grade_0_is_known_to_have_no_lesion(idrid_root: Path) -> None:
    clear = {example.path.stem: example.clear for example in idrid_examples(idrid_root, "train")}
    assert clear == {"IDRiD_001": True, "IDRiD_002": False, "IDRiD_003": False, "IDRiD_064": True}


def test_blank_rows_and_columns_at_the_end_of_the_official_table_are_no_images(idrid_root: Path) -> None:
    table = idrid_table(idrid_root, "train")
    lines = table.read_text().splitlines()
    table.write_text("\n".join(f"{line},,," for line in [*lines, ",,"]))
    assert len(idrid_examples(idrid_root, "train")) == 4


def test_missing_table_is_named(idrid_root: Path) -> None:
    table = idrid_table(idrid_root, "test")
    table.unlink()
    with pytest.raises(DatasetError, match=r"Testing Labels\.csv is missing") as raised:
        idrid_examples(idrid_root, "test")
    assert str(table) in str(raised.value)


def test_missing_images_are_named_and_counted(idrid_root: Path) -> None:
    missing = [idrid_image(idrid_root, "train", name) for name in ("IDRiD_001", "IDRiD_003")]
    for path in missing:
        path.unlink()
    with pytest.raises(DatasetError, match="2 files are missing") as raised:
        idrid_examples(idrid_root, "train")
    assert all(str(path) in str(raised.value) for path in missing)


@pytest.mark.parametrize("grade", ["", "two", "1.5", "-1", "5"])
def test_malformed_grade_is_named_with_its_image_and_table(idrid_root: Path, grade: str) -> None:
    write_idrid(idrid_root, "train", {"IDRiD_001": 0, "IDRiD_002": grade})
    with pytest.raises(DatasetError, match=f"the grade of IDRiD_002 is '{grade}'") as raised:
        idrid_examples(idrid_root, "train")
    assert str(idrid_table(idrid_root, "train")) in str(raised.value)


def test_table_without_the_grade_column_is_refused(idrid_root: Path) -> None:
    idrid_table(idrid_root, "train").write_text("Image name,Grade\nIDRiD_001,0\n")
    with pytest.raises(DatasetError, match=r"needs columns Image name,Retinopathy grade, has \['Image name', 'Gr"):
        idrid_examples(idrid_root, "train")


def test_table_in_another_encoding_is_named(idrid_root: Path) -> None:
    idrid_table(idrid_root, "train").write_bytes("Image name,Retinopathy grade,größe\n".encode("latin-1"))
    with pytest.raises(DatasetError, match=r"Training Labels\.csv is not a table in UTF-8"):
        idrid_examples(idrid_root, "train")


def test_empty_class_is_named(idrid_root: Path) -> None:
    write_idrid(idrid_root, "train", {"IDRiD_001": 1, "IDRiD_002": 3})
    with pytest.raises(DatasetError, match="no image of class 'no retinopathy' among 2 images"):
        idrid_examples(idrid_root, "train")

"""A user's own images: a table, or a folder a class."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.folders import write_image, write_mask, write_table
from training.data.examples import Example
from training.data.own import own_examples
from training.errors import DatasetError

LABELS = ("calm", "flaring")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for seed, name in enumerate(("a.png", "b.png", "deep/c.png")):
        write_image(tmp_path / name, seed=seed)
    return tmp_path


@pytest.mark.parametrize("labels", [("calm", "flaring", "flaring"), ("0", "1", "1"), (" calm ", "1", "flaring")])
def test_labels_of_the_table_are_names_or_indices(root: Path, labels: tuple[str, str, str]) -> None:
    write_table(root, list(zip(("a.png", "b.png", "deep/c.png"), labels, strict=True)))
    expected = [Example(root / "a.png", 0), Example(root / "b.png", 1), Example(root / "deep" / "c.png", 1)]
    assert own_examples(root, LABELS) == expected


def test_class_that_is_called_like_an_index_keeps_its_name(root: Path) -> None:
    write_table(root, [("a.png", "1"), ("b.png", "0")])
    assert [example.label for example in own_examples(root, ("1", "0"))] == [0, 1]


def test_mask_column_may_be_empty_or_name_a_file(root: Path) -> None:
    mask = write_mask(root / "masks" / "b.png")
    write_table(root, [("a.png", "0", ""), ("b.png", "1", "masks/b.png")], header=("file", "label", "mask"))
    assert [example.masks for example in own_examples(root, LABELS)] == [(), (mask,)]


@pytest.mark.parametrize("label", ["burning", "2", "-1", "", "²"])
def test_unknown_label_is_named_with_its_line(root: Path, label: str) -> None:
    write_table(root, [("a.png", "0"), ("b.png", label)])
    with pytest.raises(DatasetError, match=rf"labels\.csv, line 3: label '{label}' is none of"):
        own_examples(root, LABELS)


def test_line_number_counts_blank_lines(root: Path) -> None:
    (root / "labels.csv").write_text("file,label\na.png,0\n\n\nb.png,burning\n")
    with pytest.raises(DatasetError, match="line 5: label 'burning'"):
        own_examples(root, LABELS)


def test_row_that_ends_early_is_named_with_its_line(root: Path) -> None:
    (root / "labels.csv").write_text("file,label\na.png\n")
    with pytest.raises(DatasetError, match="line 2: label '' is none of"):
        own_examples(root, LABELS)


def test_row_without_a_file_is_named_with_its_line(root: Path) -> None:
    write_table(root, [("a.png", "0"), ("", "1")])
    with pytest.raises(DatasetError, match="line 3: no file"):
        own_examples(root, LABELS)


def test_table_with_other_columns_is_refused(root: Path) -> None:
    write_table(root, [("a.png", "0")], header=("image", "label"))
    with pytest.raises(DatasetError, match=r"labels\.csv: needs columns file,label, has \['image', 'label'"):
        own_examples(root, LABELS)


@pytest.mark.parametrize(
    "content", [b"file,label\nb\xe4r.png,0\n", b"\xff\xfef\x00i\x00", b"file,label\n" + b"x" * 200_000]
)
def test_table_that_is_no_text_is_named(root: Path, content: bytes) -> None:
    (root / "labels.csv").write_bytes(content)
    with pytest.raises(DatasetError, match=r"labels\.csv is not a table in UTF-8"):
        own_examples(root, LABELS)


@pytest.mark.parametrize("row", [("gone.png", "1", ""), ("b.png", "1", "gone.png")])
def test_missing_image_or_mask_is_named(root: Path, row: tuple[str, str, str]) -> None:
    write_table(root, [("a.png", "0", ""), row], header=("file", "label", "mask"))
    with pytest.raises(DatasetError, match="1 files are missing") as raised:
        own_examples(root, LABELS)
    assert str(root / "gone.png") in str(raised.value)


def test_class_without_a_row_is_named(root: Path) -> None:
    write_table(root, [("a.png", "0"), ("b.png", "0")])
    with pytest.raises(DatasetError, match="no image of class 'flaring' among 2 images"):
        own_examples(root, LABELS)


@pytest.mark.parametrize("suffix", [".jpg", ".JPG", ".JPEG", ".png", ".TIF", ".tiff", ".WebP", ".bmp"])
def test_folders_give_their_images_whatever_the_case_of_the_suffix(tmp_path: Path, suffix: str) -> None:
    calm = write_image(tmp_path / "calm" / "2011" / "sun.png", seed=0)
    flaring = write_image(tmp_path / "flaring" / f"sun{suffix}", seed=1)
    (tmp_path / "flaring" / "notes.txt").write_text("no image")
    assert own_examples(tmp_path, LABELS) == [Example(calm, 0), Example(flaring, 1)]


def test_empty_folder_is_named(tmp_path: Path) -> None:
    write_image(tmp_path / "calm" / "sun.png", seed=0)
    (tmp_path / "flaring").mkdir()
    with pytest.raises(DatasetError, match="no image of class 'flaring'"):
        own_examples(tmp_path, LABELS)


def test_missing_class_folder_is_named(tmp_path: Path) -> None:
    write_image(tmp_path / "calm" / "sun.png", seed=0)
    with pytest.raises(DatasetError, match=r"has neither labels\.csv nor a folder 'flaring'"):
        own_examples(tmp_path, LABELS)


def test_root_that_is_no_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nowhere is not a folder"):
        own_examples(tmp_path / "nowhere", LABELS)

"""The DeFN layout: a table a year, images in an array a year or in files of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model.config import Preprocessing
from model.images.preprocessing import read_image, to_tensor
from training.data.defn import defn_files, defn_images, defn_rows
from training.data.lazy import LazyImages
from training.errors import DatasetError

INPUTS = Preprocessing(mode="grey", height=32, width=32, mean=(0.36,), std=(0.22,))
FLAGS = {2010: "0123", 2011: "00", 2012: "1", 2013: "2", 2014: "3", 2015: "0", 2016: "012", 2017: "33"}


def name(year: int, index: int) -> str:
    return f"{year}-06/hmi.{index}.png"


def levels(year: int, index: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Another image for each row."""
    return np.random.default_rng((year, index)).integers(0, 256, (32, 32), dtype=np.uint8)


def write_table(root: Path, year: int, flags: str) -> Path:
    table = root / f"{year}.csv"
    rows = "".join(f"{name(year, index)},{flag},{year}\n" for index, flag in enumerate(flags))
    table.write_text(f"image,flag,year\n{rows}")
    return table


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for year, flags in FLAGS.items():
        write_table(tmp_path, year, flags)
    return tmp_path


@pytest.fixture
def arrays(root: Path) -> Path:
    for year, flags in FLAGS.items():
        np.save(root / f"{year}.npy", np.stack([levels(year, index) for index in range(len(flags))]))
    return root


@pytest.fixture
def files(root: Path) -> Path:
    for year, flags in FLAGS.items():
        for index in range(len(flags)):
            path = root / name(year, index)
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(levels(year, index)).save(path)
    return root


def test_splits_are_years_and_positives_flags_2_and_3(root: Path) -> None:
    labels = {split: [row.label for row in defn_rows(root, split)] for split in ("train", "validation", "test")}  # type: ignore[arg-type]  # plain strings
    assert labels == {"train": [0, 0, 1, 1, 0, 0, 0, 1, 1, 0], "validation": [0, 0, 1], "test": [1, 1]}


@pytest.mark.parametrize("layout", ["arrays", "files"])
def test_images_are_those_of_their_rows_over_all_years(layout: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(layout)
    loaded = defn_images(folder, "train", INPUTS, clip=1500, for_training=True)
    assert loaded.labels.tolist() == [row.label for row in defn_rows(folder, "train")]
    places = [(year, index) for year in range(2010, 2016) for index in range(len(FLAGS[year]))]
    chosen = torch.tensor([9, 0, 4])
    expected = [torch.from_numpy(levels(*places[int(place)]))[None] for place in chosen]
    assert loaded.images[chosen].dtype == torch.uint8
    assert torch.equal(loaded.images[chosen], torch.stack(expected))


@pytest.mark.parametrize("layout", ["arrays", "files"])
def test_validation_is_what_the_service_gives_the_network(layout: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(layout)
    inputs = Preprocessing(mode="grey", height=16, width=16, mean=(0.36,), std=(0.22,))
    loaded = defn_images(folder, "test", inputs, clip=1500, for_training=False)
    path = folder / "picture.png"
    Image.fromarray(levels(2017, 1)).save(path)
    expected = to_tensor(read_image(path, "grey"), inputs)
    torch.testing.assert_close(loaded.images[torch.tensor([1])], expected, rtol=0, atol=0)


def test_arrays_are_mapped_and_not_read(arrays: Path) -> None:
    """A sparse array of 64 GiB opens at once and gives its first image."""
    array = np.lib.format.open_memmap(arrays / "2016.npy", mode="w+", dtype=np.uint8, shape=(4096, 4096, 4096))
    array[0] = 7
    array.flush()
    write_table(arrays, 2016, "1" * 4096)
    inputs = Preprocessing(mode="grey", height=32, width=32, mean=(0.36,), std=(0.22,))
    loaded = defn_images(arrays, "validation", inputs, clip=1500, for_training=True)
    assert (loaded.images[torch.tensor([0, 4095])].amax(dim=(1, 2, 3)) == torch.tensor([7, 0])).all()


def test_images_may_be_asked_for_in_order_and_by_steps() -> None:
    images = LazyImages(7, lambda place: torch.full((1, 2, 2), place))
    assert [part[:, 0, 0, 0].tolist() for part in images.split(3)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert images[::3][:, 0, 0, 0].tolist() == [0, 3, 6]


def test_rows_beyond_the_end_of_an_array_are_named(arrays: Path) -> None:
    np.save(arrays / "2016.npy", np.zeros((1, 32, 32), np.uint8))
    with pytest.raises(DatasetError, match=r"2 images are missing, the first: .*2016\.csv, line 3: 2016-06/hmi\.1"):
        defn_images(arrays, "validation", INPUTS, clip=1500, for_training=False)


def test_rows_without_a_file_are_named_and_counted(files: Path) -> None:
    for index in (1, 2):
        (files / name(2016, index)).unlink()
    with pytest.raises(DatasetError, match=r"2 images are missing, .*line 3: 2016-06/hmi\.1\.png; .*hmi\.2\.png"):
        defn_images(files, "validation", INPUTS, clip=1500, for_training=False)


@pytest.mark.parametrize(("array", "message"), [
    (np.zeros((5, 32, 32), np.uint8), "holds 5 images, its table names 3"),
    (np.zeros((3, 32, 32), np.float32), r"holds float32 \(3, 32, 32\), not uint8"),
    (np.zeros((3, 32), np.uint8), r"holds uint8 \(3, 32\), not uint8 \(N, H, W\)"),
])  # fmt: skip
def test_an_array_that_does_not_fit_is_named(
    arrays: Path, array: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], message: str
) -> None:
    np.save(arrays / "2016.npy", array)
    with pytest.raises(DatasetError, match=message):
        defn_images(arrays, "validation", INPUTS, clip=1500, for_training=False)


def test_what_is_no_array_is_named(arrays: Path) -> None:
    (arrays / "2016.npy").write_bytes(b"no array")
    with pytest.raises(DatasetError, match=r"2016\.npy is no array"):
        defn_images(arrays, "validation", INPUTS, clip=1500, for_training=False)


@pytest.mark.parametrize("row", ["a.png,4,2016", "a.png,M,2016", "a.png,1,2015", ",1,2016", "a.png"])
def test_a_malformed_row_is_named_with_its_line(root: Path, row: str) -> None:
    (root / "2016.csv").write_text(f"image,flag,year\nfirst.png,0,2016\n{row}\n")
    with pytest.raises(DatasetError, match=r"2016\.csv, line 3: image .* needs an image, a flag of 0, 1, 2, 3"):
        defn_rows(root, "validation")


def test_a_missing_table_is_named(root: Path) -> None:
    (root / "2013.csv").unlink()
    with pytest.raises(DatasetError, match=r"2013\.csv is missing"):
        defn_rows(root, "train")


def test_files_are_listed_for_explanations(files: Path, tmp_path: Path) -> None:
    out = tmp_path / "written"
    assert defn_files(files, "test", out, positives=False) == [(files / name(2017, index), 1) for index in (0, 1)]
    assert not out.exists()


@pytest.mark.parametrize("positives", [True, False])
def test_images_of_arrays_are_written_without_loss(arrays: Path, tmp_path: Path, positives: bool) -> None:
    found = defn_files(arrays, "validation", tmp_path / "written", positives=positives)
    labels = [int(flag in "23") for flag in FLAGS[2016]]
    wanted = [index for index, label in enumerate(labels) if label or not positives]
    assert [label for _, label in found] == [labels[index] for index in wanted]
    assert sorted((tmp_path / "written").iterdir()) == [path for path, _ in found]
    for index, (path, _) in zip(wanted, found, strict=True):
        assert (np.asarray(Image.open(path)) == levels(2016, index)).all()

"""Magnetograms of the Deep Flare Net (Nishizuka et al. 2018) as published with the paper: one table per year.

`{year}.csv` (columns image,flag,year) lists the images. They are in `{year}.npy`, (N, H, W) uint8 in the same order
and memory-mapped, or else PNG or FITS files in the folder. The flag is the largest flare within the following
24 hours: 0, 1, 2, 3 for O (none), C, M, X.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.lib.format import open_memmap
from PIL import Image
from torch import Tensor

from model.config import Preprocessing
from model.errors import ImageError
from model.images.preprocessing import Picture, read_image, to_tensor
from training.data.images import LabelledImages, as_bytes
from training.data.lazy import LazyImages
from training.data.magnetogram_fits import read_magnetogram
from training.data.table import table_rows
from training.errors import DatasetError

Split = Literal["train", "validation", "test"]
Levels = np.memmap[tuple[int, int, int], np.dtype[np.uint8]]  # (N, H, W)
YEARS: dict[Split, tuple[int, ...]] = {
    "train": (2010, 2011, 2012, 2013, 2014, 2015),
    "validation": (2016,),
    "test": (2017,),
}
LABELS = ("below M class", "M class or above")
COLUMNS = ("image", "flag", "year")
FLAGS = ("0", "1", "2", "3")


@dataclass(frozen=True)
class Row:
    """Row of a table."""

    table: Path
    line: int
    image: str  # file name in the table
    label: int  # 1: M class or above

    def __str__(self) -> str:
        return f"{self.table}, line {self.line}: {self.image}"


def defn_rows(root: Path, split: Split) -> list[Row]:
    """Read the tables of a split.

    Raises:
        DatasetError: naming the table that is missing or malformed, and its line.
    """
    return [row for year in YEARS[split] for row in _year_rows(root, year)]


def defn_images(
    root: Path, split: Split, preprocessing: Preprocessing, *, clip: float, for_training: bool
) -> LabelledImages:
    """Return the images of a split, read on access.

    Args:
        root: folder of the tables.
        split: by years, as in the paper.
        preprocessing: of the network.
        clip: field strength (G) of the levels 0 and 255, for FITS files.
        for_training: return uint8 images for augmentation instead of network inputs.

    Raises:
        DatasetError: naming the rows without an image.
    """
    shown = as_bytes(preprocessing) if for_training else preprocessing
    years = [_YearImages.find(root, year, clip) for year in YEARS[split]]
    places = [(images, index) for images in years for index in range(len(images.rows))]

    def load(place: int) -> Tensor:
        images, index = places[place]
        tensor = to_tensor(images.picture(index, shown), shown)[0]
        return (tensor * 255).round().to(torch.uint8) if for_training else tensor

    labels = torch.tensor([images.rows[index].label for images, index in places])
    return LabelledImages(LazyImages(len(places), load), labels)


def defn_files(root: Path, split: Split, out: Path, *, positives: bool) -> list[tuple[Path, int]]:
    """Return path and label of each image of a split.

    Images of an array are written to a folder as PNG files, without loss.

    Args:
        root: folder of the tables.
        split: by years, as in the paper.
        out: folder for images of arrays; created if needed.
        positives: only images of M class or above.

    Raises:
        DatasetError: naming the table, array or image that is missing or malformed.
    """
    found = []
    for year in YEARS[split]:
        rows = _year_rows(root, year)
        array = root / f"{year}.npy"
        paths = _written(_mapped(array, rows), rows, out, positives) if array.is_file() else _files(root, rows)
        found += [(path, row.label) for path, row in zip(paths, rows, strict=True) if row.label or not positives]
    return found


def _written(images: Levels, rows: Sequence[Row], out: Path, positives: bool) -> list[Path]:
    """Write the images of the rows, or only of the positives; return the path of each row."""
    out.mkdir(parents=True, exist_ok=True)
    paths = [out / f"{row.table.stem}-{place:05d}.png" for place, row in enumerate(rows)]
    for path, row, image in zip(paths, rows, images, strict=True):
        if row.label or not positives:
            Image.fromarray(np.array(image)).save(path)
    return paths


@dataclass(frozen=True)
class _YearImages:
    """Images of a year: an array, or files."""

    rows: list[Row]
    source: Levels | list[Path]
    clip: float

    @classmethod
    def find(cls, root: Path, year: int, clip: float) -> _YearImages:
        rows = _year_rows(root, year)
        array = root / f"{year}.npy"
        return cls(rows, _mapped(array, rows) if array.is_file() else _files(root, rows), clip)

    def picture(self, index: int, preprocessing: Preprocessing) -> Picture:
        if not isinstance(self.source, list):
            return _picture(np.array(self.source[index]))
        path = self.source[index]
        if path.suffix == ".fits":
            return _picture(read_magnetogram(path, size=preprocessing.height, clip=self.clip))
        try:
            return read_image(path, preprocessing.mode)
        except ImageError as error:
            raise DatasetError(str(error)) from error


def _picture(levels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Picture:
    return Picture(Image.fromarray(levels), *levels.shape)


def _year_rows(root: Path, year: int) -> list[Row]:
    table = root / f"{year}.csv"
    if not table.is_file():
        raise DatasetError(f"{table} is missing: is {root} the folder that holds the tables {{year}}.csv?")
    return [_row(table, year, line, cells) for line, cells in table_rows(table, COLUMNS)]


def _row(table: Path, year: int, line: int, cells: dict[str, str]) -> Row:
    image, flag, said = (str(cells[column] or "").strip() for column in COLUMNS)
    if not image or flag not in FLAGS or said != str(year):
        raise DatasetError(
            f"{table}, line {line}: image {image!r}, flag {flag!r}, year {said!r}; "
            f"needs an image, a flag of {', '.join(FLAGS)} and the year {year}"
        )
    return Row(table, line, image, int(flag in FLAGS[2:]))


def _mapped(array: Path, rows: Sequence[Row]) -> Levels:
    try:
        images = open_memmap(array, mode="r")
    except (OSError, ValueError) as error:
        raise DatasetError(f"{array} is no array: {error}") from error
    if images.dtype != np.uint8 or images.ndim != 3:
        raise DatasetError(f"{array} holds {images.dtype} {images.shape}, not uint8 (N, H, W)")
    if len(images) < len(rows):
        raise _missing(rows[len(images) :], f"{array} holds {len(images)} images")
    if len(images) > len(rows):
        raise DatasetError(f"{array} holds {len(images)} images, its table names {len(rows)}")
    return images


def _files(root: Path, rows: Sequence[Row]) -> list[Path]:
    """Return each row's file: the one it names, or a FITS file of the same stem."""
    named = [root / row.image for row in rows]
    paths = [path if path.is_file() else path.with_suffix(".fits") for path in named]
    if missing := [row for path, row in zip(paths, rows, strict=True) if not path.is_file()]:
        raise _missing(missing, f"looked for {root / missing[0].image}, and for a .fits file of that name")
    return paths


def _missing(rows: Sequence[Row], reason: str) -> DatasetError:
    return DatasetError(f"{len(rows)} images are missing, the first: {'; '.join(map(str, rows[:3]))} ({reason})")

"""Data sets in miniature, written as their real files are."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

SPLITS = {"train": ("a", "Training"), "test": ("b", "Testing")}


def write_image(
    path: Path, *, seed: int, height: int = 40, width: int = 48, level: int = 128, cells: int = 8
) -> Path:
    """Write smooth noise of 60 levels around a level, the finer the more cells; the suffix decides the type."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(level - 30, level + 30, (cells, cells, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((width, height), Image.Resampling.BILINEAR).save(path)
    return path


def write_mask(path: Path, *, height: int = 40, width: int = 48) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.eye(height, width, dtype=np.uint8) * 255).save(path)
    return path


def idrid_table(root: Path, split: str) -> Path:
    letter, word = SPLITS[split]
    name = f"{letter}. IDRiD_Disease Grading_{word} Labels.csv"
    return root / "B. Disease Grading" / "2. Groundtruths" / name


def idrid_image(root: Path, split: str, name: str) -> Path:
    letter, word = SPLITS[split]
    return root / "B. Disease Grading" / "1. Original Images" / f"{letter}. {word} Set" / f"{name}.jpg"


def idrid_mask(root: Path, split: str, name: str) -> Path:
    letter, word = SPLITS[split]
    return root / "lesion masks" / f"{letter}. {word} Set" / f"{name}.png"


def write_idrid(
    root: Path, split: str, grades: Mapping[str, object], *, height: int = 40, width: int = 60, cells: int = 8
) -> None:
    """Write one split: images, and the table with the header of the official file."""
    table = idrid_table(root, split)
    table.parent.mkdir(parents=True, exist_ok=True)
    rows = "".join(f"{name},{grade},0\r\n" for name, grade in grades.items())
    table.write_bytes(f"Image name,Retinopathy grade,Risk of macular edema \r\n{rows}".encode())
    for seed, name in enumerate(grades):
        write_image(idrid_image(root, split, name), seed=seed, height=height, width=width, cells=cells)


def write_table(root: Path, rows: Sequence[Sequence[str]], header: Sequence[str] = ("file", "label")) -> Path:
    """Write the labels.csv of a user's own images."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return root / "labels.csv"


def write_classes(root: Path, levels: Mapping[str, int], *, count: int = 16) -> Path:
    """Write a folder a class: noise around the class's level."""
    for place, (label, level) in enumerate(levels.items()):
        for index in range(count):
            write_image(root / label / f"{index:03d}.png", seed=place * count + index, level=level)
    return root

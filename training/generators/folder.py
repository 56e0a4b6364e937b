"""Writes a folder of generated images, masks and labels."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image
from tqdm import trange

LABELS = 3  # random stream of labels and image seeds


class Generated(Protocol):
    """Generated image with mask and label."""

    @property
    def pixels(self) -> npt.NDArray[np.uint8]:
        """(H, W, 3) RGB or (H, W) grey."""

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """(H, W) evidence of the class."""

    @property
    def label(self) -> int:
        """0 or 1."""


class Generator(Protocol):
    """Generator of one image."""

    def __call__(self, seed: int, *, label: int) -> Generated:
        """Generate one image; equal arguments give equal bytes."""


def write_labelled(
    out: Path, generate: Generator, *, name: str, suffix: str, count: int, seed: int, share: float
) -> None:
    """Write `images/NAME_*`, `masks/NAME_*.png` and `labels.csv` (columns file,label,mask) into a folder.

    Args:
        out: folder; created if needed.
        generate: generator of one image.
        name: prefix of the file names.
        suffix: of the image files, with its dot.
        count: number of images.
        seed: of labels and images.
        share: of positives, 0..1.
    """
    rng = np.random.default_rng((seed, LABELS))
    seeds = rng.integers(2**62, size=count).tolist()
    labels = rng.permutation(np.arange(count) < round(share * count)).astype(int).tolist()
    for folder in ("images", "masks"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    with (out / "labels.csv").open("w", newline="") as table:
        writer = csv.writer(table)
        writer.writerow(("file", "label", "mask"))
        for index in trange(count, desc=name, unit="image"):
            made = generate(seeds[index], label=labels[index])
            image, mask = f"images/{name}_{index:05d}{suffix}", f"masks/{name}_{index:05d}.png"
            Image.fromarray(made.pixels).save(out / image, quality=95)
            Image.fromarray(made.mask).save(out / mask)
            writer.writerow((image, made.label, mask))

"""Photographs to ask about: generated fundus images as JPEG files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from model.config import Preprocessing
from model.images.preprocessing import Picture, to_tensor
from training.generators.fundus.generator import generate_fundus

CAMERA_HEIGHT, CAMERA_WIDTH = 2848, 4288  # px
SMALL_SIDE = 224  # px
SENSOR_NOISE = 2.0  # grey levels; makes the large file weigh what a camera's does
QUALITY = 90


def write_pictures(folder: Path) -> dict[str, Path]:
    """Write a small JPEG and one as large as a fundus camera's; the keys tell their sizes."""
    small = Image.fromarray(generate_fundus(1, label=1, height=SMALL_SIDE, width=SMALL_SIDE).pixels)
    pictures = {f"{SMALL_SIDE}": small, f"{CAMERA_WIDTH}x{CAMERA_HEIGHT}": _camera_frame()}
    paths = {name: folder / f"{name}.jpg" for name in pictures}
    for name, picture in pictures.items():
        picture.save(paths[name], quality=QUALITY)
    return paths


def fundus_batch(count: int, preprocessing: Preprocessing) -> Tensor:
    """Return generated photographs as the network sees them: (N, C, H, W), normalised."""
    pictures = [Image.fromarray(generate_fundus(seed, label=seed % 2).pixels) for seed in range(count)]
    return torch.cat([to_tensor(Picture(p, p.height, p.width), preprocessing) for p in pictures])


def _camera_frame() -> Image.Image:
    """Return a generated photograph enlarged to the camera's size, with the sensor's noise on top."""
    enlarged = Image.fromarray(generate_fundus(1, label=1).pixels).resize((CAMERA_WIDTH, CAMERA_HEIGHT))
    noise = np.random.default_rng(1).normal(0, SENSOR_NOISE, (CAMERA_HEIGHT, CAMERA_WIDTH, 1))
    return Image.fromarray(np.clip(np.asarray(enlarged) + noise, 0, 255).astype(np.uint8))

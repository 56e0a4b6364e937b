"""Small-scale field of a generated magnetogram: grains of 1-3 px, concentrated in the supergranular network.

One formula gives quiet Sun, old remnants and plage: a grain is the cube of noise plus mean polarity. At a mean of 0
the field is weak, of both signs and heavy-tailed; at 4 it has one sign and some hundred gauss.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from training.generators.magnetogram.disk import SIDE, Disk, Floats

COARSE = SIDE // 4  # px of the grid of mean polarity
CELLS = 72  # supergranules across the visible 180 degrees: 2.5 degrees each
FINE = 540  # cells of the lane table
AMPLITUDE = 2.6  # gauss per unit of a grain


def draw_grains(rng: np.random.Generator) -> Floats:
    """Return noise (H, W) of unit variance, correlated over about two pixels."""
    white = rng.standard_normal((SIDE + 2, SIDE + 2), dtype=np.float32)
    rows = white[:-2] + 2 * white[1:-1] + white[2:]
    grains: Floats = (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) * np.float32(1 / 6)
    return grains


def draw_lanes(rng: np.random.Generator, disk: Disk) -> Floats:
    """Return the concentration of field by the network (H, W): up to 1.25 in its lanes, 0.55 in cells.

    Cells are drawn in an equidistant projection around the disk's centre, so that they are narrow at the limb.
    """
    noise = enlarge(rng.standard_normal((CELLS, CELLS), dtype=np.float32), FINE)
    table = np.float32(0.55) + np.float32(0.7) * np.exp(-((noise * np.float32(2.2)) ** 2))
    x, y, z = disk.sphere
    radius = np.sqrt(np.minimum(x**2 + y**2, 1)) + np.float32(1e-6)
    stretch = np.arccos(np.minimum(z, 1)) / radius * np.float32(FINE / np.pi)
    rows = (np.float32(FINE / 2) - y * stretch).astype(np.intp).clip(0, FINE - 1)
    columns = (np.float32(FINE / 2) + x * stretch).astype(np.intp).clip(0, FINE - 1)
    lanes: Floats = table[rows, columns]
    return lanes


def small_scale_field(polarity: Floats, grains: Floats, lanes: Floats) -> Floats:
    """Return the vertical field (H, W) in gauss for a mean polarity on the coarse grid."""
    mean = enlarge(polarity, SIDE)
    field: Floats = (grains + mean) * lanes
    field *= np.float32(AMPLITUDE) * field**2
    return field


def enlarge(plane: Floats, side: int) -> Floats:
    """Interpolate (h, w) bicubically to (side, side)."""
    return np.asarray(Image.fromarray(plane).resize((side, side), Image.Resampling.BICUBIC))

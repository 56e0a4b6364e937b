"""Generated full-disk line-of-sight magnetograms with exact masks of the flaring core.

Disk, plage, spots, noise and the outline of one core use random streams that are independent of the label. The
label decides the arrangement of polarities inside that outline, so the two labels of a seed are equal outside the
mask. A quiet core has the unsigned flux of the flaring one, except for three in ten that have decayed, so size
reveals next to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from training.generators.folder import write_labelled
from training.generators.magnetogram.disk import (
    CLIP,
    SIDE,
    SIZES,
    Bools,
    Disk,
    Floats,
    Levels,
    draw_disk,
    draw_noise,
    expose,
    line_of_sight,
)
from training.generators.magnetogram.regions import (
    Region,
    draw_cores,
    draw_region,
    draw_remnant,
    draw_spots,
    paint_polarity,
)
from training.generators.magnetogram.spots import Patch, paint_core, paint_spot
from training.generators.magnetogram.texture import draw_grains, draw_lanes, small_scale_field

SCENE, CAMERA, SURFACE = range(3)  # random streams of a seed
SEEN = 1.05  # rad east or west; further out a core is too narrow to be recognised
CORED = 0.25  # share of the other regions with a quiet core
REACH = 0.22  # solar radii from a region's centre to its furthest spot


@dataclass(frozen=True, kw_only=True)
class Magnetogram:
    """Magnetogram with its mask and label."""

    pixels: Levels  # (H, W); 127.5 is zero field
    mask: Bools  # (H, W) flaring core; empty without one
    label: int  # 1: a core flares


def generate_magnetogram(seed: int, *, label: int, size: int = SIDE, clip: float = CLIP) -> Magnetogram:
    """Generate one magnetogram. Equal arguments give equal bytes.

    Args:
        seed: of everything except the label.
        label: 1: a core flares; 0: none does.
        size: px a side, 512 or 512 divided by a power of two.
        clip: gauss of the levels 0 and 255.

    Raises:
        ValueError: the label is not 0 or 1, the seed is negative, or the size is not possible.
    """
    if label not in (0, 1):
        raise ValueError(f"label must be 0 or 1, is {label}")
    if size not in SIZES:
        raise ValueError(f"size must be one of {SIZES}, is {size}")
    disk, field, outline = _paint_sun(seed, label)
    noise = draw_noise(np.random.default_rng((seed, CAMERA)), disk)
    block = SIDE // size
    blocks = outline.reshape(size, block, size, block)
    mask = np.asarray(blocks.any(axis=(1, 3)))
    return Magnetogram(
        pixels=expose(field + noise, disk, size, clip), mask=mask if label else np.zeros_like(mask), label=label
    )


def write_folder(
    out: Path, *, count: int, seed: int, positive_share: float = 0.5, size: int = SIDE, clip: float = CLIP
) -> None:
    """Write `images/*.png`, `masks/*.png` and `labels.csv` (columns file,label,mask) into a folder."""
    make = partial(generate_magnetogram, size=size, clip=clip)
    write_labelled(out, make, name="magnetogram", suffix=".png", count=count, seed=seed, share=positive_share)


def _paint_sun(seed: int, label: int) -> tuple[Disk, Floats, Bools]:
    """Paint the field along the line of sight (H, W) in gauss, and the core's outline (H, W)."""
    scene, surface = np.random.default_rng((seed, SCENE)), np.random.default_rng((seed, SURFACE))
    disk = draw_disk(scene)
    activity = scene.uniform()
    main = draw_region(scene, disk, furthest=SEEN, size=float(scene.uniform(0.8, 1.5)))
    others = [
        draw_region(scene, disk, furthest=1.4, size=float(scene.uniform(0.4, 1.5)))
        for _ in range(scene.poisson(8 * activity))
    ]
    remnants = [draw_remnant(scene, disk) for _ in range(scene.poisson(3 + 9 * activity))]
    grains = draw_grains(surface)
    polarity = paint_polarity([main, *others, *remnants], disk)
    field = small_scale_field(polarity, grains, draw_lanes(surface, disk))
    for region in others:
        _paint_region(scene, field, Patch(disk, region.axes, REACH), region, grains)
    patch = Patch(disk, main.axes, REACH)
    for spot in draw_spots(scene, main):
        paint_spot(field, patch, spot, grains)
    outline = paint_core(field, patch, draw_cores(scene, main)[1 - label], grains)
    return disk, field * line_of_sight(disk), outline


def _paint_region(rng: np.random.Generator, field: Floats, patch: Patch, region: Region, grains: Floats) -> None:
    """Paint the spots of a region without a flare, sometimes with a strong but quiet core."""
    for spot in draw_spots(rng, region):
        paint_spot(field, patch, spot, grains)
    _, quiet = draw_cores(rng, region)
    if rng.uniform() < CORED:
        paint_core(field, patch, quiet, grains)

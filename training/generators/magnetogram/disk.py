"""Solar disk of a generated magnetogram: geometry, noise, and conversion of gauss to 8-bit levels.

Image coordinates are px, x to the west (right), y down to the south; sphere coordinates are solar radii, z towards
the observer. Geometry and noise were measured on two full-disk magnetograms of SDO/HMI at 512 x 512.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]  # float32 over pixels, float64 for geometry
Bools = npt.NDArray[np.bool_]
Levels = npt.NDArray[np.uint8]

SIDE = 512  # px of the painted image
SIZES = (512, 256, 128, 64, 32)  # px, possible sizes after block reduction
CLIP = 1500.0  # gauss of the levels 0 and 255
BEYOND = 0.99  # of the solar radius; points further out are drawn as if they were here
CENTER_NOISE, LIMB_NOISE = np.float32(3.0), np.float32(3.8)  # gauss
SKY_NOISE = np.float32(7.0)  # gauss, in the rim of sky inside the field stop


@dataclass(frozen=True, kw_only=True)
class Disk:
    """Geometry of the Sun in the camera's image on a day of the year."""

    center: tuple[float, float]  # px, (x, y)
    limb: float  # px, the solar radius
    edge: float  # px, the radius of the field stop: beyond it the image is 0
    tilt: float  # rad, B0: the latitude of the disk's centre

    @cached_property
    def sphere(self) -> tuple[Floats, Floats, Floats]:
        """Coordinates x (1, W), y (H, 1, northward) and z (H, W) of the pixels on the sphere, float32."""
        pixels = np.arange(SIDE, dtype=np.float32)
        x = ((pixels - np.float32(self.center[0])) / np.float32(self.limb))[None, :]
        y = ((np.float32(self.center[1]) - pixels) / np.float32(self.limb))[:, None]
        return x, y, np.sqrt(np.maximum(1 - x**2 - y**2, np.float32(1 - BEYOND**2)))

    def place(self, latitude: float, longitude: float) -> Floats:
        """Return the axes of the tangent plane at a position (rad, west positive), rows: west, north, outward."""
        outward = _turned(
            (np.cos(latitude) * np.sin(longitude), np.sin(latitude), np.cos(latitude) * np.cos(longitude)),
            self.tilt,
        )
        west = _turned((np.cos(longitude), 0.0, -np.sin(longitude)), self.tilt)
        return np.array([west, np.cross(outward, west), outward])

    def pixel(self, point: Floats) -> tuple[float, float]:
        """Return the pixel coordinates (x, y) of a point (x, y, z) of the sphere."""
        return self.center[0] + self.limb * float(point[0]), self.center[1] - self.limb * float(point[1])


def draw_disk(rng: np.random.Generator) -> Disk:
    """Draw a day of the year: the Earth is nearest in January, B0 is largest in September."""
    year = rng.uniform(0, 2 * np.pi)
    distance = np.cos(year)
    return Disk(
        center=(256.5 + float(rng.uniform(-0.5, 0.5)), 255.75 + float(rng.uniform(-0.5, 0.5))),
        limb=238 + 4 * float(distance),
        edge=246.5 + 1.5 * float(distance),
        tilt=float(np.radians(7.25) * -np.sin(year + np.radians(27))),
    )


def draw_noise(rng: np.random.Generator, disk: Disk) -> Floats:
    """Return noise (H, W) in gauss: that of the camera and arcs of spurious field near the limb."""
    x, y, _ = disk.sphere
    radius = np.sqrt(x**2 + y**2)
    spread = np.where(radius > 1, SKY_NOISE, CENTER_NOISE + (LIMB_NOISE - CENTER_NOISE) * radius**4)
    noise = rng.standard_normal((SIDE, SIDE), dtype=np.float32)
    rows, columns = np.nonzero(np.abs((radius - 1) * disk.limb) < 1.2)
    turn = np.arctan2(y[rows, 0], x[0, columns])
    arcs = sum(rng.uniform(0, 1) * np.cos(lobe * turn + rng.uniform(0, 2 * np.pi)) for lobe in (1, 2, 3))
    grains = noise[rows, columns]
    noise *= spread
    noise[rows, columns] += 14 * grains**3 * np.exp(arcs - 0.5)
    return noise


def line_of_sight(disk: Disk) -> Floats:
    """Return the line-of-sight share (H, W) of a vertical field: 0 off the disk."""
    x, y, z = disk.sphere
    share: Floats = z * (x**2 + y**2 < 1)
    return share


def to_levels(gauss: Floats, clip: float) -> Floats:
    """Convert gauss to unrounded levels 0..255: zero field is 127.5, fields beyond `clip` are clipped."""
    levels: Floats = np.clip(gauss * np.float32(127.5 / clip) + np.float32(127.5), 0, 255)
    return levels


def expose(gauss: Floats, disk: Disk, size: int, clip: float) -> Levels:
    """Convert a field (H, W) to the image (size, size): 0 beyond the field stop, block-averaged."""
    levels = to_levels(gauss, clip)
    levels[~field_of_view(disk)] = 0
    block = SIDE // size
    reduced = levels.reshape(size, block, size, block).mean(axis=(1, 3)) if block > 1 else levels
    return (reduced + np.float32(0.5)).astype(np.uint8)


def field_of_view(disk: Disk) -> Bools:
    """Return the pixels (H, W) within the field stop."""
    x, y, _ = disk.sphere
    inside: Bools = x**2 + y**2 < (disk.edge / disk.limb) ** 2
    return inside


def _turned(point: tuple[float, float, float], tilt: float) -> Floats:
    """Rotate a point about the x axis so that latitude `tilt` faces the observer."""
    x, y, z = point
    return np.array([x, y * np.cos(tilt) - z * np.sin(tilt), y * np.sin(tilt) + z * np.cos(tilt)])

"""Sunspots of a generated magnetogram, and the core that decides: is there a compact, sheared inversion line?

A core has one outline whatever its label. A flaring core is divided along its long axis: its polarities lie side by
side, and between them a sharp line runs its whole length (a sheared delta spot, as that of region 11158 in 2011). A
quiet core has one polarity, or is divided gently, or across, or has decayed; its unsigned flux is made equal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.generators.magnetogram.disk import SIDE, Bools, Disk, Floats

SHARP, GENTLE = 0.0012, 0.018  # solar radii over which the field turns around at an inversion line
UNEVEN = 0.1  # of a spot's radius: a wave of its outline
FALL = 0.3  # of a spot's radius, over which its field falls off at the outline
# What a core that does not flare is, and how often.
QUIET_CORES = {"one polarity": 0.3, "gently divided": 0.3, "divided across": 0.1, "decayed": 0.3}


@dataclass(frozen=True, kw_only=True)
class Spot:
    """An ellipse of one polarity. Lengths are solar radii."""

    west: float  # of its region's centre
    north: float
    radii: tuple[float, float]
    turn: float  # rad, of the first radius, north of west
    field: float  # gauss, vertical
    lobes: tuple[float, ...]  # rad, phases of the waves that make its outline uneven: 2, 3, ... a turn


@dataclass(frozen=True, kw_only=True)
class Core:
    """The strong middle of a region: an outline, and how polarity lies in it."""

    spot: Spot
    turn: float  # rad, of the inversion line against the long axis
    bend: float  # of the inversion line, in its own length
    kind: str  # "flaring", or one of `QUIET_CORES`


class Patch:
    """The pixels about a place of the disk, in the coordinates of its tangent plane."""

    def __init__(self, disk: Disk, axes: Floats, reach: float) -> None:
        column, row = disk.pixel(axes[2])
        margin = int(np.ceil(reach * disk.limb)) + 1
        self.window = np.s_[_span(row, margin), _span(column, margin)]
        x, y, z = disk.sphere
        rows, columns = self.window
        x, y, z = x[:, columns], y[rows], z[self.window]
        west, north, outward = axes.astype(np.float32)
        self.west = x * west[0] + y * west[1] + z * west[2]
        self.north = x * north[0] + y * north[1] + z * north[2]
        self.front = x * outward[0] + y * outward[1] + z * outward[2] > 0.5
        self.on_disk = x**2 + y**2 < 0.99

    def within(self, spot: Spot) -> tuple[Floats, Floats]:
        """Return coordinates along and across a spot, in its radii."""
        cos, sin = np.float32(np.cos(spot.turn)), np.float32(np.sin(spot.turn))
        u, v = self.west - np.float32(spot.west), self.north - np.float32(spot.north)
        return (u * cos + v * sin) / np.float32(spot.radii[0]), (v * cos - u * sin) / np.float32(spot.radii[1])

    def shape(self, spot: Spot, grains: Floats) -> Floats:
        """Return how much of a spot there is at each pixel, 0..1, exactly 0 outside; grains roughen its outline."""
        along, across = self.within(spot)
        angle = np.arctan2(across, along)
        waves = (np.cos(count * angle + np.float32(phase)) for count, phase in enumerate(spot.lobes, start=2))
        radius = 1 + np.float32(UNEVEN) * sum(waves)
        distance = np.sqrt(along**2 + across**2) / radius + np.float32(0.06) * grains[self.window]
        inside = np.clip((1 - distance) / np.float32(FALL) * np.float32(0.5) + np.float32(0.5), 0, 1)
        shape: Floats = inside * self.front * self.on_disk
        return shape


def paint_spot(field: Floats, patch: Patch, spot: Spot, grains: Floats) -> None:
    """Lay a spot over the vertical field (H, W), in place."""
    shape = patch.shape(spot, grains)
    field[patch.window] += shape * (np.float32(spot.field) - field[patch.window])


def paint_core(field: Floats, patch: Patch, core: Core, grains: Floats) -> Bools:
    """Lay a core over the vertical field (H, W), in place; return the pixels (H, W) of its outline."""
    shape = patch.shape(core.spot, grains)
    if core.kind != "decayed":
        flux = (shape * np.abs(_pattern(patch, core.spot, 0.0, core.bend, SHARP))).sum()
        pattern = _polarity(patch, core)
        pattern *= flux / ((shape * np.abs(pattern)).sum() + np.float32(1e-6))
        field[patch.window] += shape * (np.float32(core.spot.field) * pattern - field[patch.window])
    outline = np.zeros(field.shape, dtype=np.bool_)
    outline[patch.window] = shape > 0
    return outline


def _polarity(patch: Patch, core: Core) -> Floats:
    if core.kind == "one polarity":
        return np.ones_like(patch.west)
    width = GENTLE if core.kind == "gently divided" else SHARP
    return _pattern(patch, core.spot, core.turn, core.bend, width)


def _pattern(patch: Patch, spot: Spot, turn: float, bend: float, width: float) -> Floats:
    """Return polarity -1..1 about a bent inversion line through a spot, turned against its long axis."""
    along, across = patch.within(spot)
    along, across = along * np.float32(spot.radii[0]), across * np.float32(spot.radii[1])
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    t, s = along * cos + across * sin, across * cos - along * sin
    line = s - np.float32(bend / spot.radii[0]) * t**2
    pattern: Floats = np.tanh(line / np.float32(width))
    return pattern


def _span(middle: float, margin: int) -> slice:
    return slice(max(int(middle) - margin, 0), min(int(middle) + margin + 2, SIDE))

"""Sunspots of a generated magnetogram, and the core: only a flaring one has a compact, sheared inversion line.

A core has the same outline for both labels. A flaring core is divided along its long axis: its polarities lie side
by side, with a sharp inversion line over the whole length (a sheared delta spot, as in region 11158 in 2011). A
quiet core has one polarity, or a gradual division, or one across the axis, or has decayed; its unsigned flux is
equalised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.generators.magnetogram.disk import SIDE, Bools, Disk, Floats

SHARP, GENTLE = 0.0012, 0.018  # solar radii over which the field reverses at an inversion line
UNEVEN = 0.1  # amplitude of a wave of the outline, over the spot's radius
FALL = 0.3  # width of the field's fall-off at the outline, over the spot's radius
# Kinds of quiet cores and their shares.
QUIET_CORES = {"one polarity": 0.3, "gently divided": 0.3, "divided across": 0.1, "decayed": 0.3}


@dataclass(frozen=True, kw_only=True)
class Spot:
    """Ellipse of one polarity. Lengths are solar radii."""

    west: float  # of its region's centre
    north: float
    radii: tuple[float, float]
    turn: float  # rad, of the first radius, north of west
    field: float  # gauss, vertical
    lobes: tuple[float, ...]  # rad, phases of the outline's waves: 2, 3, ... per turn


@dataclass(frozen=True, kw_only=True)
class Core:
    """Strong central part of a region: outline and arrangement of polarities."""

    spot: Spot
    turn: float  # rad, of the inversion line against the long axis
    bend: float  # of the inversion line, over its length
    kind: str  # "flaring", or one of `QUIET_CORES`


class Patch:
    """Pixels around a position on the disk, in coordinates of its tangent plane."""

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
        """Return coordinates along and across a spot, in units of its radii."""
        cos, sin = np.float32(np.cos(spot.turn)), np.float32(np.sin(spot.turn))
        u, v = self.west - np.float32(spot.west), self.north - np.float32(spot.north)
        return (u * cos + v * sin) / np.float32(spot.radii[0]), (v * cos - u * sin) / np.float32(spot.radii[1])

    def shape(self, spot: Spot, grains: Floats) -> Floats:
        """Return a spot's strength at each pixel, 0..1, exactly 0 outside; grains roughen its outline."""
        along, across = self.within(spot)
        angle = np.arctan2(across, along)
        waves = (np.cos(count * angle + np.float32(phase)) for count, phase in enumerate(spot.lobes, start=2))
        radius = 1 + np.float32(UNEVEN) * sum(waves)
        distance = np.sqrt(along**2 + across**2) / radius + np.float32(0.06) * grains[self.window]
        inside = np.clip((1 - distance) / np.float32(FALL) * np.float32(0.5) + np.float32(0.5), 0, 1)
        shape: Floats = inside * self.front * self.on_disk
        return shape


def paint_spot(field: Floats, patch: Patch, spot: Spot, grains: Floats) -> None:
    """Paint a spot onto the vertical field (H, W), in place."""
    shape = patch.shape(spot, grains)
    field[patch.window] += shape * (np.float32(spot.field) - field[patch.window])


def paint_core(field: Floats, patch: Patch, core: Core, grains: Floats) -> Bools:
    """Paint a core onto the vertical field (H, W), in place; return the pixels (H, W) inside its outline."""
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
    """Return the polarity, -1..1, on both sides of a bent inversion line at an angle to the spot's long axis."""
    along, across = patch.within(spot)
    along, across = along * np.float32(spot.radii[0]), across * np.float32(spot.radii[1])
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    t, s = along * cos + across * sin, across * cos - along * sin
    line = s - np.float32(bend / spot.radii[0]) * t**2
    pattern: Floats = np.tanh(line / np.float32(width))
    return pattern


def _span(middle: float, margin: int) -> slice:
    return slice(max(int(middle) - margin, 0), min(int(middle) + margin + 2, SIDE))

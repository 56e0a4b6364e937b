"""Vessel tree of a generated fundus: arcades that leave the optic disc, branch and taper."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.generators.fundus.camera import Floats, Polygons

POINTS = 24  # per vessel course
REFLEX_WIDTH = 0.3  # of the light streak on a wide vessel, over the vessel's width
REFLEX_FROM = 0.016  # smallest width of a vessel with a streak, world units

# Trunks in the frame +x from disc to fovea, +y up: heading at the disc, heading far out (degrees), width.
TRUNKS = np.array([
    (94, 2, 0.036), (76, 14, 0.026), (-94, -2, 0.036), (-76, -14, 0.026),  # temporal arcades: vein, artery
    (100, 152, 0.024), (88, 122, 0.017), (-100, -152, 0.024), (-88, -122, 0.017),  # nasal arcades
    (50, 8, 0.010), (-45, -8, 0.010), (140, 176, 0.012), (-130, -172, 0.010),  # to the macula, to the nose
])  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Vessels:
    """A generation of vessels."""

    courses: Floats  # (N, P, 2) world units
    headings: Floats  # (N, P) rad
    widths: Floats  # (N, P) world units
    venous: Floats  # (N,) 0 artery, 1 vein

    def ribbons(self, share: float, points: int = POINTS) -> Floats:
        """Return the outlines (N, 2 * points, 2) of the vessels at a fraction of their width."""
        normals = np.stack([-np.sin(self.headings), np.cos(self.headings)], axis=-1)
        offset = normals * (self.widths * (share / 2))[..., None]
        left, right = (self.courses + offset)[:, :points], (self.courses - offset)[:, :points]
        return np.concatenate([left, right[:, ::-1]], axis=1)

    def darkness(self) -> Floats:
        """Return how dark the vessels are (N,), 0..1: veins and wide ones darker."""
        fullness: Floats = np.minimum(1.0, 0.4 + self.widths[:, 0] / 0.03)
        return fullness * (0.66 + 0.28 * self.venous)


def grow_tree(rng: np.random.Generator, disc: tuple[float, float], temporal: int) -> list[Vessels]:
    """Grow trunks, branches and twigs from the disc; `temporal` is the sign of u from disc to fovea."""
    trunks = _grow_trunks(rng, disc, temporal)
    branches = _grow_branches(rng, trunks, count=50, reach=(0.3, 0.9))
    twigs = _grow_branches(rng, branches, count=64, reach=(0.12, 0.45))
    return [trunks, branches, twigs]


def outline_tree(tree: list[Vessels]) -> list[Polygons]:
    """Return the polygons in drawing order: twigs below trunks, the light streaks of wide vessels on top."""
    tubes = [(vessels.ribbons(1.0), vessels.darkness()) for vessels in reversed(tree)]
    trunks = tree[0]
    wide = trunks.widths[:, 0] > REFLEX_FROM
    streaks = trunks.ribbons(REFLEX_WIDTH, POINTS // 2)[wide], 0.75 * trunks.darkness()[wide]
    return [*tubes, streaks]


def _grow_trunks(rng: np.random.Generator, disc: tuple[float, float], temporal: int) -> Vessels:
    """Draw the courses of the trunks at the disc."""
    count = len(TRUNKS)
    start = np.deg2rad(TRUNKS[:, 0] + rng.normal(0, 8, count))
    end = np.deg2rad(TRUNKS[:, 1] + rng.normal(0, 10, count))
    lengths = np.where(TRUNKS[:, 2] < 0.015, rng.uniform(0.3, 0.8, count), 2.1)
    headings = _bend(rng, start, end, lengths, rng.uniform(0.4, 0.7, count), wiggle=0.13)
    return _walk(
        np.array(disc) + rng.normal(0, 0.025, (count, 2)),
        np.where(temporal > 0, -headings, np.pi + headings),  # v points down
        lengths,
        TRUNKS[:, 2] * rng.uniform(0.75, 1.2) * rng.uniform(0.8, 1.2, count),
        1.0 - np.arange(count) % 2,
    )


def _grow_branches(
    rng: np.random.Generator, parents: Vessels, *, count: int, reach: tuple[float, float]
) -> Vessels:
    """Draw branches from random points of the parents, wide ones preferred."""
    weight = parents.widths[:, 0] ** 0.7
    parent = rng.choice(len(weight), count, p=weight / weight.sum())
    point = rng.integers(5, POINTS - 2, count)
    side = rng.choice((-1.0, 1.0), count)
    start = parents.headings[parent, point] + side * rng.uniform(0.5, 1.2, count)
    end = start - side * rng.uniform(-0.2, 0.5, count)
    lengths = rng.uniform(*reach, count)
    headings = _bend(rng, start, end, lengths, np.full(count, 0.15), wiggle=0.28)
    widths = np.maximum(parents.widths[parent, point] * rng.uniform(0.3, 0.65, count), 0.005)
    return _walk(parents.courses[parent, point], headings, lengths, widths, parents.venous[parent])


def _bend(
    rng: np.random.Generator,
    start: Floats,
    end: Floats,
    lengths: Floats,
    relaxation: Floats,
    *,
    wiggle: float,
) -> Floats:
    """Return headings (N, P) that turn from start to end over `relaxation` world units, and meander."""
    way = np.linspace(0, 1, POINTS) * lengths[:, None]  # (N, P)
    settled = np.exp(-way / relaxation[:, None])
    waves = 2 * np.pi / rng.uniform(0.12, 0.6, (3, len(lengths), 1))
    phases = rng.uniform(0, 2 * np.pi, (3, len(lengths), 1))
    meander = wiggle * np.sin(way * waves + phases).sum(axis=0)
    bent: Floats = end[:, None] + (start - end)[:, None] * settled + meander
    return bent


def _walk(origins: Floats, headings: Floats, lengths: Floats, widths: Floats, venous: Floats) -> Vessels:
    """Follow the headings from the origins; the width tapers to a fifth at the end."""
    strides = np.stack([np.cos(headings), np.sin(headings)], axis=-1) * (lengths / (POINTS - 1))[:, None, None]
    return Vessels(
        courses=origins[:, None] + np.cumsum(strides, axis=1) - strides[:, :1],
        headings=headings,
        widths=widths[:, None] * np.linspace(1, 0.2, POINTS),
        venous=venous,
    )

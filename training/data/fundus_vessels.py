"""The vessel tree of a generated fundus: arcades that leave the optic disc, branch and taper."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.data.fundus_camera import Floats

POINTS = 28  # of a vessel's course
REFLEX_WIDTH = 0.3  # of the light streak along a wide vessel, a fraction of the vessel's
STREAK = np.r_[: POINTS // 2, -(POINTS // 2) : 0]  # the half of an outline next to the disc
REFLEX_FROM = 0.016  # world units of width a vessel needs to show one

# Trunks in the right eye's frame (+x from disc to fovea, +y up): heading at the disc, heading far out, width.
TRUNKS = np.array([
    (94, 2, 0.036), (76, 14, 0.026), (-94, -2, 0.036), (-76, -14, 0.026),  # temporal arcades: vein, artery
    (100, 152, 0.024), (88, 122, 0.017), (-100, -152, 0.024), (-88, -122, 0.017),  # nasal arcades
    (25, 8, 0.010), (-22, -8, 0.010), (172, 176, 0.012), (-168, -172, 0.010),  # to the macula, to the nose
])  # fmt: skip


@dataclass(frozen=True)
class Vessels:
    """A generation of vessels: courses and widths in world units."""

    courses: Floats  # (N, P, 2)
    widths: Floats  # (N, P)
    headings: Floats  # (N, P) rad
    venous: Floats  # (N,) 0 artery, 1 vein


def grow_tree(rng: np.random.Generator, disc: tuple[float, float], temporal: int) -> list[Vessels]:
    """Grow trunks, branches and twigs from the disc's centre; `temporal` is the sign of u from disc to fovea."""
    trunks = _grow_trunks(rng, disc, temporal)
    branches = _grow_branches(rng, trunks, count=48, reach=(0.3, 0.8))
    twigs = _grow_branches(rng, branches, count=64, reach=(0.12, 0.4))
    return [trunks, branches, twigs]


def outline(generations: list[Vessels]) -> list[tuple[Floats, int]]:
    """Return the polygons (P, 2) of all vessels with their darkness 0..255: arteries below veins, streaks on top."""
    tubes, streaks = [], []
    for vessels in reversed(generations):
        edges, inner = _ribbons(vessels, 1.0), _ribbons(vessels, REFLEX_WIDTH)
        for index in np.argsort(vessels.venous, kind="stable"):
            width, darkness = float(vessels.widths[index, 0]), 170 + 70 * float(vessels.venous[index])
            darkness *= min(1.0, 0.4 + width / 0.03)
            tubes.append((edges[index], int(darkness)))
            if width > REFLEX_FROM:
                streaks.append((inner[index, STREAK], int(darkness * 0.75)))
    return tubes + streaks


def _grow_trunks(rng: np.random.Generator, disc: tuple[float, float], temporal: int) -> Vessels:
    """Lay the courses that leave the disc."""
    count = len(TRUNKS)
    start = np.deg2rad(TRUNKS[:, 0] + rng.normal(0, 8, count))
    end = np.deg2rad(TRUNKS[:, 1] + rng.normal(0, 10, count))
    width = TRUNKS[:, 2] * rng.uniform(0.75, 1.2) * rng.uniform(0.8, 1.2, count)
    lengths = np.where(TRUNKS[:, 2] < 0.015, rng.uniform(0.3, 0.7, count), 1.7)
    relaxation = rng.uniform(0.4, 0.7, count)
    headings = _bend(rng, start, end, lengths, relaxation, wiggle=0.13)
    headings = np.where(temporal > 0, -headings, np.pi + headings)  # v points down
    origins = np.array(disc) + rng.normal(0, 0.025, (count, 2))
    venous = (np.arange(count) % 2 == 0).astype(np.float32)
    return _vessels(origins, headings, lengths, width, venous)


def _grow_branches(
    rng: np.random.Generator, parents: Vessels, *, count: int, reach: tuple[float, float]
) -> Vessels:
    """Let branches leave random points of the parents, wide parents first of all."""
    weight = parents.widths[:, 0] ** 0.7
    parent = rng.choice(len(weight), count, p=weight / weight.sum())
    point = rng.integers(3, POINTS - 2, count)
    side = rng.choice((-1.0, 1.0), count)
    start = parents.headings[parent, point] + side * rng.uniform(0.5, 1.2, count)
    end = start - side * rng.uniform(-0.2, 0.5, count)
    lengths = rng.uniform(*reach, count)
    headings = _bend(rng, start, end, lengths, np.full(count, 0.15), wiggle=0.28)
    width = np.maximum(parents.widths[parent, point] * rng.uniform(0.4, 0.75, count), 0.005)
    return _vessels(parents.courses[parent, point], headings, lengths, width, parents.venous[parent])


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
    return end[:, None] + (start - end)[:, None] * settled + meander


def _vessels(origins: Floats, headings: Floats, lengths: Floats, width: Floats, venous: Floats) -> Vessels:
    """Walk along the headings; the width tapers to a third at the end."""
    step = (lengths / (POINTS - 1))[:, None, None]
    strides = np.stack([np.cos(headings), np.sin(headings)], axis=-1) * step
    courses = origins[:, None] + np.cumsum(strides, axis=1) - strides[:, :1]
    widths = width[:, None] * np.linspace(1, 0.35, POINTS)
    return Vessels(courses, widths, headings, venous)


def _ribbons(vessels: Vessels, share: float) -> Floats:
    """Return the closed outlines (N, 2P, 2) of tubes of a share of the vessels' width."""
    normals = np.stack([-np.sin(vessels.headings), np.cos(vessels.headings)], axis=-1)
    offset = normals * (vessels.widths * share / 2)[..., None]
    return np.concatenate([vessels.courses + offset, (vessels.courses - offset)[:, ::-1]], axis=1)

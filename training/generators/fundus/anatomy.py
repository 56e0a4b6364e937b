"""Healthy eye of a generated fundus: background, vessels and optic disc."""

from __future__ import annotations

import numpy as np

from training.generators.fundus.background import PIGMENT, hill, paint_background
from training.generators.fundus.camera import Floats, View, rasterize, resample
from training.generators.fundus.eye import Eye
from training.generators.fundus.vessels import grow_tree, outline_tree

BLOOD = np.array([0.14, 0.5, 0.4], dtype=np.float32)[:, None, None]  # share of the light absorbed by a wide vein
DISC = np.array([0.42, 0.78, 0.95])  # ln of disc over surroundings, RGB
CUP = np.array([0.04, 0.15, 0.35])  # ln of cup over disc


def paint_anatomy(rng: np.random.Generator, eye: Eye, view: View) -> Floats:
    """Return the light (3, H, W) of the healthy eye in grey levels, before mask and noise."""
    light = resample(paint_background(rng, eye), view)
    _paint_disc(rng, eye, view, light)
    tree = rasterize(outline_tree(grow_tree(rng, eye.disc, eye.temporal)), view, eye.blur)
    u, v = view.axes()
    tree *= 1 - hill(u, v, eye.fovea, 0.12)
    tree *= 1 - 0.5 * hill(u, v, eye.disc, 0.1)
    light *= 1 - tree * (BLOOD * np.float32(eye.clarity))
    return light


def _paint_disc(rng: np.random.Generator, eye: Eye, view: View, light: Floats) -> None:
    """Paint the optic disc with its cup onto `light` (3, H, W), in place."""
    u, v = view.axes()
    x, y = (u - eye.disc[0]) / eye.disc_radii[0], (v - eye.disc[1]) / eye.disc_radii[1]
    columns, rows = np.flatnonzero(np.abs(x) < 1.5), np.flatnonzero(np.abs(y) < 1.5)
    x, y = x[:, columns], y[rows]
    window = light[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    inside = 1 / (1 + np.exp((np.sqrt(x**2 + y**2) - 1) / rng.uniform(0.03, 0.1)))
    middle = (float(rng.normal(0, 0.1)), float(rng.normal(0, 0.1)))
    cup = inside * np.minimum(1.3 * hill(x, y, middle, rng.uniform(0.2, 0.4)), 1)
    headroom = np.clip(1.45 - window.mean(axis=(1, 2)) / (300, 150, 75), 0.35, 1.1)  # keeps the disc below white
    gain = DISC * headroom * rng.uniform(0.8, 1.15) + rng.normal(0, 0.04, 3)
    depth = CUP * headroom * rng.uniform(0.2, 1.6)
    paler = 0.12 * eye.temporal * x * inside  # the temporal side
    logarithm = sum(map(np.multiply.outer, (gain, depth, PIGMENT), (inside, cup, paler)))
    window *= np.exp(logarithm).astype(np.float32)

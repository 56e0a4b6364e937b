"""Lesions of diabetic retinopathy on a generated fundus: kinds, places, and effect on the light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.generators.fundus.camera import Floats, View, rasterize
from training.generators.fundus.eye import Eye

CORNERS = 14  # of a lesion's outline polygon
NOTHING = np.empty((0, 6))
FLOOR = 0.1  # of a layer; weaker traces do not count as lesion
MILD = 0.12  # severity below which there are microaneurysms only
BLOOD = np.array([0.22, 0.52, 0.6], dtype=np.float32)[:, None, None]  # share of the light that blood absorbs
LIPID = np.array([40.0, 48.0, 2.0], dtype=np.float32)[:, None, None]  # grey levels that an exudate adds...
LIPID_SHARE = np.array([0.15, 0.55, 0.7], dtype=np.float32)[:, None, None]  # ...and a share of the light


@dataclass(frozen=True, kw_only=True)
class Disease:
    """Lesions of an eye: spots (N, 6), each u, v, two half axes, rotation of the first (rad), strength."""

    dark: Floats  # microaneurysms and haemorrhages
    bright: Floats  # hard exudates
    soft: Floats  # cotton-wool spots


def draw_disease(rng: np.random.Generator, eye: Eye) -> Disease:
    """Draw lesions from a few microaneurysms (mild) to hundreds of all kinds (severe), none on the disc."""
    severity = float(rng.beta(1.1, 1.3))
    count = 3 + rng.poisson(220 * severity**1.4)
    if severity < MILD:
        dots = _draw_dots(rng, eye, count, faintest=0.65)  # few dots must be visible
        return Disease(dark=_keep_visible(dots, eye), bright=NOTHING, soft=NOTHING)
    dots = _draw_dots(rng, eye, count, faintest=0.25)
    blots = _draw_blots(rng, eye, rng.poisson(26 * severity))
    flames = _draw_flames(rng, eye, rng.poisson(4 * severity**2))
    exudates = [_draw_exudates(rng, eye) for _ in range(rng.poisson(14 * severity))]
    wool = _draw_wool(rng, eye, rng.poisson(2.5 * severity**2))
    return Disease(
        dark=_keep_visible(np.concatenate([dots, blots, flames]), eye),
        bright=_keep_visible(np.concatenate([NOTHING, *exudates]), eye),
        soft=_keep_visible(wool, eye),
    )


def apply_disease(rng: np.random.Generator, disease: Disease, eye: Eye, view: View, light: Floats) -> Floats:
    """Return the light (3, H, W) of the eye with its lesions."""
    dark = _layer(rng, disease.dark, view, eye.blur + 0.003)
    bright = _layer(rng, disease.bright, view, eye.blur + 0.001)
    soft = _layer(rng, disease.soft, view, eye.blur + 0.012)
    pale = (bright + np.float32(0.4) * soft) * np.float32(eye.clarity)
    ill: Floats = light * (1 - dark * (BLOOD * np.float32(eye.clarity))) + pale * (LIPID + LIPID_SHARE * light)
    return ill


def _layer(rng: np.random.Generator, spots: Floats, view: View, blur: float) -> Floats:
    """Rasterise spots, ellipses with an uneven edge, to (H, W), 0..1: the strongest wins."""
    if not len(spots):
        return np.zeros((view.height, view.width), dtype=np.float32)
    spots = spots[np.argsort(spots[:, 5])]
    angle = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    radius = np.ones((len(spots), CORNERS))
    for lobes in (2, 3, 4):
        radius += 0.13 * np.cos(lobes * angle + rng.uniform(0, 2 * np.pi, (len(spots), 1)))
    along, across = np.cos(angle) * radius * spots[:, 2:3], np.sin(angle) * radius * spots[:, 3:4]
    cos, sin = np.cos(spots[:, 4:5]), np.sin(spots[:, 4:5])
    outlines = np.stack([along * cos - across * sin, along * sin + across * cos], axis=-1) + spots[:, None, :2]
    layer = rasterize([(outlines, spots[:, 5])], view, blur)
    trimmed: Floats = np.maximum(layer - np.float32(FLOOR), 0) / np.float32(1 - FLOOR)
    return trimmed


def _draw_dots(rng: np.random.Generator, eye: Eye, count: int, *, faintest: float) -> Floats:
    """Draw microaneurysms and dot haemorrhages."""
    size = np.clip(rng.lognormal(np.log(0.0045 + 0.0025 * faintest), 0.35, count), 0.003, 0.015)
    strengths = faintest + (0.95 - faintest) * rng.beta(1.2, 2.2, count)
    return np.column_stack([_scatter(rng, eye, count), size, size, np.zeros(count), strengths])


def _draw_blots(rng: np.random.Generator, eye: Eye, count: int) -> Floats:
    """Draw blot haemorrhages: larger."""
    radii = rng.lognormal(np.log(0.014), 0.5, (count, 1)) * rng.uniform(0.7, 1.3, (count, 2))
    turns, strengths = rng.uniform(0, np.pi, count), rng.uniform(0.25, 0.8, count)
    return np.column_stack([_scatter(rng, eye, count), radii, turns, strengths])


def _draw_flames(rng: np.random.Generator, eye: Eye, count: int) -> Floats:
    """Draw flame haemorrhages: elongated along the nerve fibres, which fan out from the disc."""
    centers = _scatter(rng, eye, count)
    length = rng.lognormal(np.log(0.045), 0.35, count)
    turns = np.arctan2(centers[:, 1] - eye.disc[1], centers[:, 0] - eye.disc[0]) + rng.normal(0, 0.25, count)
    width = length * rng.uniform(0.2, 0.45, count)
    return np.column_stack([centers, length, width, turns, rng.uniform(0.25, 0.7, count)])


def _draw_exudates(rng: np.random.Generator, eye: Eye) -> Floats:
    """Draw a cluster of hard exudates; one cluster in four is a ring (circinate)."""
    count, spread = rng.integers(5, 70), rng.uniform(0.02, 0.1)
    offsets = rng.normal(0, spread, (count, 2)) * rng.uniform(0.5, 1.2, 2)
    if rng.uniform() < 0.25:
        distance = np.hypot(offsets[:, 0], offsets[:, 1]) + 1e-6
        offsets *= (1.6 * spread / distance + rng.normal(0, 0.2, count))[:, None]
    size = np.clip(rng.lognormal(np.log(0.004), 0.6, count), 0.002, 0.05)
    radii = size[:, None] * rng.uniform(0.7, 1.4, (count, 2))
    strengths = rng.uniform(0.5, 1.0) * rng.uniform(0.3, 0.9, count) * (size / 0.0075) ** 0.8
    middle = rng.normal(eye.fovea, 0.33)
    return np.column_stack([middle + offsets, radii, rng.uniform(0, np.pi, count), np.clip(strengths, 0.15, 1)])


def _draw_wool(rng: np.random.Generator, eye: Eye, count: int) -> Floats:
    """Draw cotton-wool spots: pale, soft-edged infarcts of the nerve-fibre layer."""
    radii = rng.lognormal(np.log(0.04), 0.3, (count, 1)) * rng.uniform(0.6, 1.3, (count, 2))
    turns, strengths = rng.uniform(0, np.pi, count), rng.uniform(0.4, 0.9, count)
    return np.column_stack([_scatter(rng, eye, count), radii, turns, strengths])


def _scatter(rng: np.random.Generator, eye: Eye, count: int) -> Floats:
    """Draw places (N, 2): half around the posterior pole, half anywhere in the field of view."""
    around = rng.normal(eye.fovea, 0.4, (count, 2))
    radius, turn = 0.95 * np.sqrt(rng.uniform(0, 1, count)), rng.uniform(0, 2 * np.pi, count)
    anywhere = np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=-1)
    return np.where(rng.uniform(0, 1, (count, 1)) < 0.5, around, anywhere)


def _keep_visible(spots: Floats, eye: Eye) -> Floats:
    """Drop lesions that touch the optic disc or lie outside the photograph."""
    place, reach = spots[:, :2], spots[:, 2:4].max(axis=1, initial=0)
    from_disc = np.hypot(*((place - eye.disc) / eye.disc_radii).T) - 1.3 * reach / eye.disc_radii[0]
    inside = (np.hypot(*place.T) + reach < 0.98) & (np.abs(place[:, 1]) < 0.8)
    kept: Floats = spots[(from_disc > 1.2) & inside]
    return kept

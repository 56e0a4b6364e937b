"""The lesions of diabetic retinopathy on a generated fundus: what they are, where they lie, what they do to light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.data.fundus_anatomy import Eye
from training.data.fundus_camera import Floats, View, rasterize

CORNERS = 10  # of a lesion's outline
HAEMORRHAGE = np.array([0.22, 0.52, 0.6], dtype=np.float32)  # share of the light that blood takes
LIPID = np.array([35.0, 40.0, 4.0], dtype=np.float32)  # grey levels that an exudate adds...
LIPID_SHARE = np.array([0.15, 0.55, 0.8], dtype=np.float32)  # ...and a share of the light
FLOOR = 0.1  # of a layer: weaker traces of a lesion are no lesion


@dataclass(frozen=True, kw_only=True)
class Spots:
    """Lesions of one kind: outlines are ellipses with an uneven edge."""

    centers: Floats  # (N, 2) world units
    radii: Floats  # (N, 2) half axes, world units
    turns: Floats  # (N,) rad, of the first axis
    strengths: Floats  # (N,) 0..1


@dataclass(frozen=True, kw_only=True)
class Disease:
    """What an eye suffers from."""

    dark: Spots  # microaneurysms and haemorrhages
    bright: Spots  # hard exudates
    soft: Spots  # cotton-wool spots


def draw_disease(rng: np.random.Generator, eye: Eye) -> Disease:
    """Draw lesions from a few microaneurysms (mild) to hundreds of all kinds (severe), none on the disc."""
    severity = float(rng.beta(1.1, 1.3))
    mild = severity < 0.12
    dark = [_draw_dots(rng, eye, 3 + int(rng.poisson(180 * severity**1.4)))]
    bright = [_nothing()]
    soft = _nothing()
    if not mild:
        dark.append(_draw_blots(rng, eye, int(rng.poisson(26 * severity))))
        dark.append(_draw_flames(rng, eye, int(rng.poisson(4 * severity**2))))
        bright += [_draw_cluster(rng, eye) for _ in range(int(rng.poisson(12 * severity)))]
        soft = _draw_wool(rng, eye, int(rng.poisson(2.5 * severity**2)))
    return Disease(dark=_off_disc(eye, _join(dark)), bright=_off_disc(eye, _join(bright)), soft=_off_disc(eye, soft))


def apply_disease(rng: np.random.Generator, disease: Disease, eye: Eye, view: View, light: Floats) -> Floats:
    """Return the light (H, W, 3) of the eye with its lesions."""
    dark = _layer(rng, disease.dark, eye.blur, view)
    bright = _layer(rng, disease.bright, eye.blur, view)
    soft = _layer(rng, disease.soft, eye.blur + 0.012, view)
    ill = light * (1 - dark * (HAEMORRHAGE * np.float32(eye.clarity)))
    pale = (bright + 0.4 * soft) * np.float32(eye.clarity)
    return np.asarray(ill + pale * (LIPID + LIPID_SHARE * light), dtype=np.float32)


def _layer(rng: np.random.Generator, spots: Spots, blur: float, view: View) -> Floats:
    """Rasterise spots to (H, W, 1), 0..1."""
    uneven = rng.uniform(0.7, 1.3, (len(spots.turns), CORNERS))
    angle = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    along, across = np.cos(angle) * uneven * spots.radii[:, :1], np.sin(angle) * uneven * spots.radii[:, 1:]
    cos, sin = np.cos(spots.turns)[:, None], np.sin(spots.turns)[:, None]
    outlines = np.stack([along * cos - across * sin, along * sin + across * cos], axis=-1) + spots.centers[:, None]
    polygons = zip(outlines, (spots.strengths * 255).astype(int).tolist(), strict=True)
    layer = rasterize(polygons, view, blur)[..., None]
    return np.maximum(layer - np.float32(FLOOR), 0) / np.float32(1 - FLOOR)


def _scatter(rng: np.random.Generator, eye: Eye, count: int) -> Floats:
    """Draw places (N, 2) in the field of view: half about the posterior pole, half anywhere."""
    around = rng.normal(0, 0.4, (count, 2)) + eye.fovea
    radius, turn = 0.95 * np.sqrt(rng.uniform(0, 1, count)), rng.uniform(0, 2 * np.pi, count)
    anywhere = np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=-1)
    return np.where(rng.uniform(0, 1, (count, 1)) < 0.5, around, anywhere)


def _draw_dots(rng: np.random.Generator, eye: Eye, count: int) -> Spots:
    """Microaneurysms and dot haemorrhages."""
    size = np.clip(rng.lognormal(np.log(0.005), 0.35, (count, 1)), 0.003, 0.015)
    return Spots(
        centers=_scatter(rng, eye, count),
        radii=np.repeat(size, 2, axis=1),
        turns=np.zeros(count),
        strengths=rng.beta(1.2, 2.2, count) * 0.7 + 0.25,
    )


def _draw_blots(rng: np.random.Generator, eye: Eye, count: int) -> Spots:
    """Blot haemorrhages: larger, darker."""
    size = rng.lognormal(np.log(0.014), 0.4, (count, 1))
    return Spots(
        centers=_scatter(rng, eye, count),
        radii=size * rng.uniform(0.7, 1.3, (count, 2)),
        turns=rng.uniform(0, np.pi, count),
        strengths=rng.uniform(0.25, 0.8, count),
    )


def _draw_flames(rng: np.random.Generator, eye: Eye, count: int) -> Spots:
    """Flame haemorrhages: drawn out along the nerve fibres, which fan out from the disc."""
    centers = _scatter(rng, eye, count)
    away = centers - np.array(eye.disc)
    length = rng.lognormal(np.log(0.045), 0.35, count)
    return Spots(
        centers=centers,
        radii=np.stack([length, length * rng.uniform(0.2, 0.45, count)], axis=-1),
        turns=np.arctan2(away[:, 1], away[:, 0]) + rng.normal(0, 0.25, count),
        strengths=rng.uniform(0.25, 0.7, count),
    )


def _draw_cluster(rng: np.random.Generator, eye: Eye) -> Spots:
    """A cluster of hard exudates; one in four lies in a ring (circinate)."""
    count = int(rng.integers(5, 60))
    middle = rng.normal(0, 0.33, 2) + eye.fovea
    spread = rng.uniform(0.03, 0.12)
    offsets = rng.normal(0, spread, (count, 2)) * rng.uniform(0.5, 1.2, 2)
    if rng.uniform() < 0.25:
        offsets *= (1.6 * spread / np.maximum(np.hypot(*offsets.T), 1e-6) + rng.normal(0, 0.2, count))[:, None]
    size = np.clip(rng.lognormal(np.log(0.0045), 0.6, (count, 1)), 0.002, 0.04)
    return Spots(
        centers=middle + offsets,
        radii=size * rng.uniform(0.7, 1.4, (count, 2)),
        turns=rng.uniform(0, np.pi, count),
        strengths=np.clip(rng.uniform(0.3, 0.9, count) * rng.uniform(0.5, 1.0) * (size[:, 0] / 0.008) ** 0.7, 0.15, 1),
    )


def _draw_wool(rng: np.random.Generator, eye: Eye, count: int) -> Spots:
    """Cotton-wool spots: pale, soft-edged infarcts of the nerve-fibre layer."""
    size = rng.lognormal(np.log(0.04), 0.3, (count, 1))
    return Spots(
        centers=_scatter(rng, eye, count),
        radii=size * rng.uniform(0.6, 1.3, (count, 2)),
        turns=rng.uniform(0, np.pi, count),
        strengths=rng.uniform(0.4, 0.9, count),
    )


def _nothing() -> Spots:
    """No lesions."""
    return Spots(centers=np.empty((0, 2)), radii=np.empty((0, 2)), turns=np.empty(0), strengths=np.empty(0))


def _join(parts: list[Spots]) -> Spots:
    """Put spots together."""
    return Spots(
        centers=np.concatenate([part.centers for part in parts]),
        radii=np.concatenate([part.radii for part in parts]),
        turns=np.concatenate([part.turns for part in parts]),
        strengths=np.concatenate([part.strengths for part in parts]),
    )


def _off_disc(eye: Eye, spots: Spots) -> Spots:
    """Drop what lies on or beside the optic disc or out of the field of view."""
    from_disc = np.hypot(*((spots.centers - np.array(eye.disc)) / np.array(eye.disc_radii)).T)
    reach = spots.radii.max(axis=1, initial=0)
    kept = (from_disc > 1.2 + reach / eye.disc_radii[0]) & (np.hypot(*spots.centers.T) + reach < 0.99)
    kept &= np.abs(spots.centers[:, 1]) < 0.8
    return Spots(
        centers=spots.centers[kept], radii=spots.radii[kept], turns=spots.turns[kept], strengths=spots.strengths[kept]
    )

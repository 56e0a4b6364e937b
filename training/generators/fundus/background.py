"""Background of a generated fundus: colour, illumination, pigment, macula, choroid, reflexes, haze.

It is painted on a grid of fixed size, so that a seed looks the same at any resolution. Most layers multiply the
light, so they add to its logarithm: each changes ln RGB by its own factors.
"""

from __future__ import annotations

import numpy as np

from training.generators.fundus.camera import GRID, WORLD, Floats, enlarge
from training.generators.fundus.eye import Eye

# Median colours of 207 training photographs of IDRiD: mean and Cholesky factor of ln(RGB + 2).
COLOR_MEAN = np.array([5.09, 4.36, 2.98])
COLOR_SPREAD = np.array([[0.182, 0.0, 0.0], [0.23, 0.141, 0.0], [0.093, 0.685, 0.529]])
# Factors by which a layer changes ln R, G, B.
ILLUMINATION, PIGMENT, MACULA = (0.65, 1.0, 0.45), (0.22, 1.0, 1.3), (-0.5, -1.0, -1.6)
CHOROID, SHEEN = (0.3, 0.35, 0.0), (0.3, 0.6, 1.0)
FACTORS = np.array([ILLUMINATION, PIGMENT, MACULA, CHOROID, SHEEN], dtype=np.float32)
CLOUDS = ((7, 0.045), (16, 0.026), (40, 0.018), (108, 0.018))  # octaves of pigment: cells per height, amount
HAZE = np.array([0.75, 1.0, 0.5], dtype=np.float32)[:, None, None]  # colour of stray light at the rim
DUST = np.array([0.3, 0.8, 1.0], dtype=np.float32)[:, None, None]  # colour of dust on the lens, out of focus


def paint_background(rng: np.random.Generator, eye: Eye) -> Floats:
    """Return the light of the background on the grid, (3, h, w) in grey levels."""
    u, v = _axis(GRID[1], WORLD[0])[None, :], _axis(GRID[0], WORLD[1])[:, None]
    x, y = u - eye.disc[0], v - eye.disc[1]
    distance, angle = np.sqrt(x**2 + y**2), np.arctan2(y, x)  # (h, w) from the disc's centre
    layers = np.stack([
        _illuminate(rng, eye, u, v),
        _pigment(rng),
        _macula(rng, eye, u, v),
        0.6 * rng.uniform() ** 4 * _choroid(rng, distance, angle),
        0.5 * rng.uniform() ** 4 * _sheen(rng, distance, angle),
    ])  # fmt: skip
    logarithm = np.tensordot(FACTORS, layers.astype(np.float32), axes=(0, 0)) + _draw_color(rng)
    light: Floats = np.exp(logarithm) - 2 + _stray_light(rng, u, v)
    return light


def hill(u: Floats, v: Floats, middle: tuple[float, float], spread: float) -> Floats:
    """Return a Gaussian (h, w) of height 1 over the axes u (1, w) and v (h, 1)."""
    across = np.exp(-(((u - middle[0]) / spread) ** 2) / 2)
    down = np.exp(-(((v - middle[1]) / spread) ** 2) / 2)
    product: Floats = down * across
    return product


def _axis(count: int, edge: float) -> Floats:
    """Return the centres of `count` cells over -edge..edge."""
    return np.linspace(-edge, edge, 2 * count + 1, dtype=np.float32)[1::2]


def _draw_color(rng: np.random.Generator) -> Floats:
    """Draw the mean colour of the fundus, ln RGB (3, 1, 1)."""
    color = COLOR_MEAN + COLOR_SPREAD @ np.clip(rng.standard_normal(3), -2.2, 1.7)
    color[2] = min(color[2], color[1] - 0.4)  # a retina is never blue
    return np.asarray(color[:, None, None], dtype=np.float32)


def _cloud(rng: np.random.Generator, cells: int) -> Floats:
    """Return smooth noise (h, w) of about unit variance with `cells` cells along the grid's height."""
    coarse = rng.standard_normal((cells, cells * GRID[1] // GRID[0]), dtype=np.float32)
    return enlarge(coarse, GRID) * np.float32(1.3)


def _streaks(
    rng: np.random.Generator,
    cells: tuple[int, int],
    distance: Floats,
    angle: Floats,
    twists: tuple[float, ...],
) -> list[Floats]:
    """Return noise (h, w) elongated radially from the disc, with `cells` along radius and angle."""
    table = enlarge(rng.standard_normal(cells, dtype=np.float32), (128, 1024))
    row = np.minimum(distance * 56, 127).astype(np.intp)
    bend = distance + 0.25 * _cloud(rng, 10)
    turns = (angle + twist * bend for twist in twists)
    return [table[row, (turn * (512 / np.pi)).astype(np.intp) % 1024] for turn in turns]


def _illuminate(rng: np.random.Generator, eye: Eye, u: Floats, v: Floats) -> Floats:
    """Return illumination (h, w): oblique, decreasing towards the rim, scattered around the disc."""
    slope_u, slope_v = rng.normal(0, 0.1, 2)
    light: Floats = slope_u * u + slope_v * v + 0.18 - rng.uniform(0.25, 0.85) * (u**2 + v**2) ** 1.25
    return light + rng.uniform(0, 0.2) * hill(u, v, eye.disc, 0.32)


def _pigment(rng: np.random.Generator) -> Floats:
    """Return pigmentation (h, w): mottling at all scales."""
    mottle = np.zeros(GRID, dtype=np.float32)
    for cells, amount in CLOUDS:
        mottle += np.float32(rng.uniform(0.5, 1.4) * amount) * _cloud(rng, cells)
    return mottle


def _macula(rng: np.random.Generator, eye: Eye, u: Floats, v: Floats) -> Floats:
    """Return the yellow spot (h, w): a dark fovea in a wide faint shade."""
    fovea = rng.uniform(0.2, 0.65) * hill(u, v, eye.fovea, rng.uniform(0.063, 0.11))
    return fovea + rng.uniform(0, 0.2) * hill(u, v, eye.fovea, 0.27)


def _choroid(rng: np.random.Generator, distance: Floats, angle: Floats) -> Floats:
    """Return choroidal vessels (h, w): crossing strands that run away from the disc, visible in patches."""
    left, right = _streaks(rng, (15, 170), distance, angle, (-0.2, 0.2))
    patches = np.clip(0.4 + 0.8 * _cloud(rng, 4), 0, 1) * np.minimum(3 * distance**2, 1)
    bare: Floats = (np.clip(np.maximum(left, right), -0.4, 1.6) - 0.5) * patches
    return bare


def _sheen(rng: np.random.Generator, distance: Floats, angle: Floats) -> Floats:
    """Return reflexes (h, w) of the nerve fibres of young eyes: pale streaks around the disc, in patches."""
    (streaks,) = _streaks(rng, (6, 120), distance, angle, (0.0,))
    patches = np.clip(_cloud(rng, 6), 0, 1.5) * np.exp(-(((distance - 0.45) / 0.25) ** 2))
    reflexes: Floats = (0.5 + 0.35 * streaks) * patches
    return reflexes


def _stray_light(rng: np.random.Generator, u: Floats, v: Floats) -> Floats:
    """Return stray light (3, h, w) in grey levels: sometimes a crescent at the rim, blurred dust."""
    turn, strength = rng.uniform(0, 2 * np.pi), 90 * rng.uniform() ** 5
    inward = np.sqrt((u + 0.25 * np.cos(turn)) ** 2 + (v + 0.25 * np.sin(turn)) ** 2)
    crescent = np.clip((inward - rng.uniform(0.85, 1.05)) / 0.25, 0, 1)
    stray = np.float32(strength) * crescent * HAZE
    for _ in range(rng.poisson(1.2)):
        place, size = (rng.uniform(-0.8, 0.8), rng.uniform(-0.8, 0.8)), rng.uniform(0.014, 0.05)
        stray += np.float32(rng.uniform(3, 14)) * hill(u, v, place, size) * DUST
    return np.asarray(stray, dtype=np.float32)

"""The healthy eye of a generated fundus photograph: background, choroid, optic disc, fovea, vessels, dust.

Everything is drawn from one stream of random numbers whose use does not depend on the resolution, so that a seed
shows the same eye at any size. Colours are composed in log light: factors of illumination and absorption add.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from training.data.fundus_camera import GRID, WORLD, Floats, View, rasterize, resample
from training.data.fundus_vessels import grow_tree, outline

# Median colour of 258 training photographs of IDRiD: mean and Cholesky factor of ln(RGB + 2).
COLOR_MEAN = np.array([5.08, 4.33, 2.96])
COLOR_SPREAD = np.array([[0.182, 0.0, 0.0], [0.23, 0.141, 0.0], [0.093, 0.685, 0.529]])
TINT = np.array([0.22, 1.0, 1.3])  # how pigment and depth tell on ln R, G, B, relative to G
LIGHT = np.array([0.65, 1.0, 0.45])  # how illumination does
BLOOD = np.array([0.19, 0.54, 0.42], dtype=np.float32)  # light that a wide vein takes, a share
MACULA = np.array([0.4, 1.0, 1.6])  # how the yellow spot absorbs
CHOROID = np.array([0.3, 0.35, 0.0])  # a bare choroidal vessel against its surroundings


@dataclass(frozen=True, kw_only=True)
class Eye:
    """Where things are, in world units."""

    temporal: int  # sign of u from the disc to the fovea
    disc: tuple[float, float]
    disc_radii: tuple[float, float]
    fovea: tuple[float, float]
    blur: float  # defocus, a standard deviation
    clarity: float  # contrast that the media leave, 0..1


def draw_eye(rng: np.random.Generator) -> Eye:
    """Draw an eye: left or right, centred between disc and macula or on the macula."""
    temporal = int(rng.choice((-1, 1)))
    u, v = rng.normal(0.62, 0.13), rng.normal(-0.02, 0.1)
    u = float(np.clip(u, 0.3, 0.9))
    radius, distance = rng.normal(0.148, 0.013), rng.normal(0.77, 0.04)
    return Eye(
        temporal=temporal,
        disc=(-temporal * u, float(v)),
        disc_radii=(float(radius), float(radius * rng.normal(1.1, 0.04))),
        fovea=(float(temporal * (distance - u)), float(v + rng.normal(0.1, 0.05))),
        blur=float(rng.uniform(0.002, 0.007)),
        clarity=float(np.clip(rng.normal(0.8, 0.17), 0.35, 1.05)),
    )


def paint_anatomy(rng: np.random.Generator, eye: Eye, view: View) -> Floats:
    """Return the light (H, W, 3) of the healthy eye in grey levels 0..255, before mask and noise."""
    light = resample(_background(rng, eye), view)
    _paint_disc(rng, eye, view, light)
    tree = rasterize(outline(grow_tree(rng, eye.disc, eye.temporal)), view, eye.blur)
    tree *= (1 - _hill(view, eye.fovea, 0.12)) * (1 - 0.5 * _hill(view, eye.disc, 0.1))
    light *= 1 - tree[..., None] * (BLOOD * np.float32(eye.clarity))
    return light


def _hill(view: View, middle: tuple[float, float], spread: float) -> Floats:
    """Return a Gaussian of height 1 over the view, (H, W)."""
    u, v = view.axes()
    across, down = (np.exp(-(((axis - at) / spread) ** 2) / 2) for axis, at in zip((u, v), middle, strict=True))
    return np.asarray(down[:, None] * across[None, :], dtype=np.float32)


def _background(rng: np.random.Generator, eye: Eye) -> Floats:
    """Paint colour, illumination, pigment, choroid, macula and haze on a grid (h, w, 3) in grey levels."""
    u, v = np.meshgrid(_cells(GRID[1], WORLD[0]), _cells(GRID[0], WORLD[1]))
    rim = u**2 + v**2
    color = COLOR_MEAN + COLOR_SPREAD @ np.clip(rng.standard_normal(3), -2.2, 1.7)
    color[2] = min(color[2], color[1] - 0.4)  # no retina is blue
    light = rng.normal(0, 0.1) * u + rng.normal(0, 0.1) * v + 0.2 - rng.uniform(0.2, 0.65) * rim**1.25
    near_disc = (u - eye.disc[0]) ** 2 + (v - eye.disc[1]) ** 2
    light += rng.uniform(0, 0.2) * np.exp(-near_disc / 0.2)
    near_fovea = (u - eye.fovea[0]) ** 2 + (v - eye.fovea[1]) ** 2
    macula = rng.uniform(0.2, 0.65) * np.exp(-near_fovea / rng.uniform(0.008, 0.025))
    macula += rng.uniform(0.0, 0.2) * np.exp(-near_fovea / 0.15)
    pigment = np.zeros(GRID, dtype=np.float32)
    for cells, amount in ((7, 0.045), (16, 0.026), (40, 0.018), (108, 0.018)):
        pigment += rng.uniform(0.5, 1.4) * amount * _cloud(rng, cells)
    choroid = 0.9 * rng.uniform() ** 3 * _choroid(rng, near_disc, np.arctan2(v - eye.disc[1], u - eye.disc[0]))
    layers = np.stack([light, pigment, -macula, choroid], axis=-1)
    log_light = color + layers @ np.stack([LIGHT, TINT, MACULA, CHOROID])
    return np.asarray(np.exp(log_light) - 2 + _haze(rng, u, v), dtype=np.float32)


def _cells(count: int, extent: float) -> Floats:
    """Return the centres of `count` cells over -extent..extent."""
    return ((np.arange(count, dtype=np.float32) + 0.5) * 2 / count - 1) * np.float32(extent)


def _cloud(rng: np.random.Generator, cells: int) -> Floats:
    """Return smooth noise (h, w) of about unit variance, `cells` of it along the grid's height."""
    coarse = rng.standard_normal((cells, cells * GRID[1] // GRID[0]), dtype=np.float32)
    size = (GRID[1], GRID[0])
    return np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)) * 1.3


def _choroid(rng: np.random.Generator, distance: Floats, angle: Floats) -> Floats:
    """Return choroidal vessels (h, w): crossing strands that run away from the disc, laid bare in patches."""
    polar = rng.standard_normal((22, 170), dtype=np.float32)  # (radius, angle)
    table = np.asarray(Image.fromarray(polar).resize((1024, 128), Image.Resampling.BICUBIC))
    radius = np.sqrt(distance)
    row = np.clip(radius * 56, 0, 127).astype(np.intp)
    twist = 0.25 * radius + 0.05 * _cloud(rng, 10)
    left, right = (table[row, ((angle + way * twist) * (512 / np.pi)).astype(np.intp) % 1024] for way in (-1, 1))
    strands = np.clip(np.maximum(left, right), -0.4, 1.6) - 0.5
    patches = np.clip(0.4 + 0.8 * _cloud(rng, 4), 0, 1) * np.clip(distance * 3, 0, 1)
    return strands * patches


def _haze(rng: np.random.Generator, u: Floats, v: Floats) -> Floats:
    """Return stray light (h, w, 3) in grey levels: now and then a yellow-green crescent, and grey smears."""
    turn, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0, 1) ** 5
    inward = np.hypot(u + 0.25 * np.cos(turn), v + 0.25 * np.sin(turn))
    crescent = np.clip((inward - rng.uniform(0.85, 1.05)) / 0.25, 0, 1)
    haze = (strength * 110 * crescent)[..., None] * np.array([0.75, 1.0, 0.5])
    for _ in range(rng.poisson(1.2)):
        x, y, size = rng.uniform(-0.8, 0.8), rng.uniform(-0.8, 0.8), rng.uniform(0.02, 0.07)
        smear = rng.uniform(3, 14) * np.exp(-((u - x) ** 2 + (v - y) ** 2) / size**2)
        haze += smear[..., None] * np.array([0.3, 0.8, 1.0])
    return haze


def _paint_disc(rng: np.random.Generator, eye: Eye, view: View, light: Floats) -> None:
    """Lay the optic disc with its cup over `light` (H, W, 3), in place."""
    u, v = view.axes()
    columns = np.flatnonzero(np.abs(u - eye.disc[0]) < 1.5 * eye.disc_radii[0])
    rows = np.flatnonzero(np.abs(v - eye.disc[1]) < 1.5 * eye.disc_radii[1])
    window = np.ix_(rows, columns)
    x = (u[columns] - eye.disc[0])[None, :] / eye.disc_radii[0]
    y = (v[rows] - eye.disc[1])[:, None] / eye.disc_radii[1]
    edge, cup_size = rng.uniform(0.03, 0.1), rng.uniform(0.25, 0.55)
    inside = 1 / (1 + np.exp((np.hypot(x, y) - 1) / edge))
    shift = rng.normal(0, 0.1, 2)
    cup = np.exp(-(((x - shift[0]) ** 2 + (y - shift[1]) ** 2) / cup_size**2) ** 2)
    headroom = np.clip(1.45 - float(light[window][..., 1].mean()) / 150, 0.5, 1.1)
    gain = np.array([0.42, 0.66, 0.8]) * headroom * rng.uniform(0.8, 1.15) + rng.normal(0, 0.06, 3)
    depth = np.array([0.04, 0.15, 0.35]) * headroom * rng.uniform(0.2, 1.6)
    rose = -0.12 * eye.temporal * x  # the temporal side is paler
    log_gain = inside[..., None] * gain + (inside * cup)[..., None] * depth - (inside * rose)[..., None] * TINT
    light[window] = light[window] * np.exp(log_gain).astype(np.float32)

"""Camera of the generated fundus photographs: frame, field of view, sensor.

World coordinates: the origin is the centre of the field of view, the unit its radius, u to the right, v down.
Geometry and noise were measured on the photographs of IDRiD (Porwal et al. 2018; Kowa VX-10α, 4288x2848).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Floats = npt.NDArray[np.floating[Any]]  # float32 for light, float64 for geometry
Polygons = tuple[Floats, Floats]  # outlines (N, P, 2) in world units, strengths (N,) 0..1

WORLD = (1.4, 0.9)  # half width and half height of the area that a grid covers
GRID = (108, 168)  # (h, w) cells of a painted grid: squares of 1/60
CENTER = (0.4623, 0.4953)  # of the field of view, fractions of the frame's width and height
RADII = (0.3983, 0.5993)  # of the field of view, in the same fractions
CROP = (290 / 4288, 3701 / 4288)  # left and right edge of the network's crop, which has the full height
NOTCH = ((0.825, -0.563), (0.878, -0.544), (0.870, -0.498), (0.915, -0.482), (0.906, -0.430), (0.80, -0.45))
NOISE = np.array([[0.8, 0.0], [0.85, 0.5], [1.1, -0.2]], dtype=np.float32)  # grey levels: shared, own
STRAY = np.array([1.2, 0.3, 1.0], dtype=np.float32)[:, None, None]  # RGB grey levels without light


@dataclass(frozen=True, kw_only=True)
class View:
    """A pixel grid over the retina."""

    height: int  # px
    width: int  # px
    center: tuple[float, float]  # px, (x, y) of the field of view's centre
    radii: tuple[float, float]  # px per world unit along x and y

    def axes(self) -> tuple[Floats, Floats]:
        """Return u (1, W) and v (H, 1) of the pixel centres."""
        u = (np.arange(self.width, dtype=np.float32) + 0.5 - self.center[0]) / self.radii[0]
        v = (np.arange(self.height, dtype=np.float32) + 0.5 - self.center[1]) / self.radii[1]
        return u[None, :], v[:, None]


def frame_view(height: int, width: int) -> View:
    """Return the camera's whole frame at any resolution."""
    return View(
        height=height,
        width=width,
        center=(CENTER[0] * width, CENTER[1] * height),
        radii=(RADII[0] * width, RADII[1] * height),
    )


def crop_view(size: int) -> View:
    """Return the network's crop of the frame, resized to size x size."""
    left, right = CROP
    scale = size / (right - left)
    return View(
        height=size,
        width=size,
        center=((CENTER[0] - left) * scale, CENTER[1] * size),
        radii=(RADII[0] * scale, RADII[1] * size),
    )


def resample(grid: Floats, view: View) -> Floats:
    """Interpolate a grid (C, h, w) over `WORLD` bicubically at the view's pixels: (C, H, W)."""
    _, height, width = grid.shape
    left, right = ((edge - view.center[0]) / view.radii[0] for edge in (0, view.width))
    top, bottom = ((edge - view.center[1]) / view.radii[1] for edge in (0, view.height))
    box = (
        (left / WORLD[0] + 1) * width / 2,
        (top / WORLD[1] + 1) * height / 2,
        (right / WORLD[0] + 1) * width / 2,
        (bottom / WORLD[1] + 1) * height / 2,
    )
    planes = [enlarge(plane, (view.height, view.width), box) for plane in grid]
    return np.stack(planes)


def enlarge(plane: Floats, shape: tuple[int, int], box: tuple[float, float, float, float] | None = None) -> Floats:
    """Interpolate (h, w), or a box (left, top, right, bottom) of it, bicubically to `shape` = (H, W)."""
    image = Image.fromarray(plane).resize((shape[1], shape[0]), Image.Resampling.BICUBIC, box)
    return np.asarray(image)


def rasterize(groups: Iterable[Polygons], view: View, blur: float) -> Floats:
    """Draw groups of polygons, later over earlier ones; `blur` is a standard deviation in world units.

    Returns (H, W), 0..1.
    """
    factor = int(np.clip(round(700 / view.height), 1, 4))  # sub-pixels per pixel and axis
    canvas = Image.new("L", (view.width * factor, view.height * factor))
    draw = ImageDraw.Draw(canvas)
    for outlines, strengths in groups:
        corners = (outlines * view.radii + view.center) * factor - 0.5
        levels = (strengths * 255).astype(int).tolist()
        for polygon, level in zip(corners.reshape(len(corners), -1).tolist(), levels, strict=True):
            draw.polygon(polygon, fill=level)
    layer = canvas.reduce(factor).filter(ImageFilter.GaussianBlur((blur * view.radii[0], blur * view.radii[1])))
    return np.asarray(layer, dtype=np.float32) / 255


@lru_cache(maxsize=8)
def field_of_view(view: View) -> Floats:
    """Return the share of each pixel (H, W) inside the camera's field of view: a disc with a notch."""
    turn = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    disc = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    return rasterize([(disc[None], np.ones(1)), (np.array([NOTCH]), np.ones(1))], view, blur=0.0015)


def draw_noise(rng: np.random.Generator, view: View) -> Floats:
    """Return sensor noise (3, H, W) in grey levels, with channels correlated as after demosaicking."""
    independent = rng.standard_normal((2, view.height * view.width), dtype=np.float32)
    return (NOISE @ independent).reshape(3, view.height, view.width)


def expose(light: Floats, noise: Floats, view: View) -> npt.NDArray[np.uint8]:
    """Turn light (3, H, W) into the photograph (3, H, W), both in grey levels: mask, noise, saturation."""
    seen = field_of_view(view)
    signal = light * seen + noise * (0.25 + 0.75 * seen) + (STRAY + 0.5)
    return np.clip(signal, 0, 255).astype(np.uint8)

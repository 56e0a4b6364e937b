"""The camera of the generated fundus photographs: its frame, its field of view, its sensor.

World coordinates: the origin is the centre of the field of view, the unit its radius, u to the right, v down.
Geometry and noise are those measured on the photographs of IDRiD (Porwal et al. 2018, Kowa VX-10α, 4288x2848).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Floats = npt.NDArray[np.float32]

WORLD = (1.4, 0.9)  # half width and half height of the part of the plane that `resample` covers
GRID = (108, 168)  # (h, w) cells of a painted grid over that part: square cells of 1/60
CENTER = (0.4623, 0.4953)  # of the field of view, fractions of the frame's width and height
RADII = (0.3983, 0.5993)  # of the field of view, in the same fractions
CROP = (290 / 4288, 3701 / 4288)  # left and right edge of the network's crop; the full height
NOTCH = ((0.825, -0.563), (0.878, -0.544), (0.870, -0.498), (0.915, -0.482), (0.906, -0.430), (0.80, -0.45))
NOISE = np.array([[0.8, 0.85, 1.0], [0.0, 0.45, 0.3], [0.0, 0.0, 0.6]], dtype=np.float32)  # mixes RGB noise


@dataclass(frozen=True, kw_only=True)
class View:
    """A pixel grid over the retina."""

    height: int  # px
    width: int  # px
    center: tuple[float, float]  # px, (x, y) of the field of view's centre
    radii: tuple[float, float]  # px a world unit along x and y

    def pixels(self, points: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """Turn world points (..., 2) into pixel coordinates (..., 2)."""
        return points * self.radii + self.center

    def axes(self) -> tuple[Floats, Floats]:
        """Return u (W,) and v (H,) of the pixel centres."""
        u = (np.arange(self.width, dtype=np.float32) + 0.5 - self.center[0]) / self.radii[0]
        v = (np.arange(self.height, dtype=np.float32) + 0.5 - self.center[1]) / self.radii[1]
        return u, v


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
    """Interpolate a grid (h, w, C) that covers `WORLD` bicubically at the view's pixels: (H, W, C)."""
    height, width, channels = grid.shape
    left, right = ((edge - view.center[0]) / view.radii[0] for edge in (0, view.width))
    top, bottom = ((edge - view.center[1]) / view.radii[1] for edge in (0, view.height))
    box = (
        (left / WORLD[0] + 1) * width / 2,
        (top / WORLD[1] + 1) * height / 2,
        (right / WORLD[0] + 1) * width / 2,
        (bottom / WORLD[1] + 1) * height / 2,
    )
    size = (view.width, view.height)
    planes = (Image.fromarray(np.ascontiguousarray(grid[..., c])) for c in range(channels))
    return np.stack([np.asarray(plane.resize(size, Image.Resampling.BICUBIC, box)) for plane in planes], axis=-1)


def rasterize(polygons: Iterable[tuple[Floats, int]], view: View, blur: float) -> Floats:
    """Draw polygons, each world points (P, 2) with a strength 0..255, the later over the earlier.

    `blur` is the defocus in world units (standard deviation). Returns (H, W), 0..1.
    """
    factor = int(np.clip(round(900 / view.height), 1, 4))  # sub-pixels a pixel and axis
    canvas = Image.new("L", (view.width * factor, view.height * factor))
    draw = ImageDraw.Draw(canvas)
    for points, strength in polygons:
        draw.polygon((view.pixels(points) * factor - 0.5).ravel().tolist(), fill=strength)
    layer = canvas.reduce(factor).filter(ImageFilter.GaussianBlur((blur * view.radii[0], blur * view.radii[1])))
    return np.asarray(layer, dtype=np.float32) / 255


@lru_cache(maxsize=8)
def field_of_view(view: View) -> Floats:
    """Return how much of each pixel (H, W, 1) the camera's mask lets through: a disc with a notch at the right."""
    turn = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    disc = np.stack([np.cos(turn), np.sin(turn)], axis=-1).astype(np.float32)
    return rasterize([(disc, 255), (np.array(NOTCH, dtype=np.float32), 255)], view, blur=0.0015)[..., None]


def draw_noise(rng: np.random.Generator, view: View) -> Floats:
    """Return sensor noise (H, W, 3) in grey levels, its channels correlated as demosaicking leaves them."""
    return rng.standard_normal((view.height, view.width, 3), dtype=np.float32) @ NOISE


def expose(light: Floats, noise: Floats, view: View) -> npt.NDArray[np.uint8]:
    """Turn light (H, W, 3) in grey levels into the photograph (H, W, 3): mask, noise, saturation."""
    seen = field_of_view(view)
    return np.clip(light * seen + noise * (0.25 + 0.75 * seen) + 0.5, 0, 255).astype(np.uint8)

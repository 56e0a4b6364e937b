"""Generated colour fundus photographs with exact lesion masks, for pretraining and as free samples.

The healthy eye and the sensor's noise use random streams that are independent of the label; lesions use a third
one. So the two labels of a seed differ only inside the mask.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.generators.folder import write_labelled
from training.generators.fundus.anatomy import paint_anatomy
from training.generators.fundus.camera import View, crop_view, draw_noise, expose, frame_view
from training.generators.fundus.eye import draw_eye
from training.generators.fundus.lesions import apply_disease, draw_disease

ANATOMY, SENSOR, LESIONS = range(3)  # random streams of a seed

SMALLEST = 16  # px; the optic disc of smaller images would fall between pixels


@dataclass(frozen=True, kw_only=True)
class Fundus:
    """Photograph with its lesion mask and label."""

    pixels: npt.NDArray[np.uint8]  # (H, W, 3) RGB
    mask: npt.NDArray[np.bool_]  # (H, W) pixels changed by lesions
    label: int  # 1: with lesions


def generate_fundus(seed: int, *, label: int, height: int = 428, width: int = 644) -> Fundus:
    """Generate the camera's whole frame (aspect 4288x2848). Equal arguments give equal bytes.

    Raises:
        ValueError: the label is not 0 or 1, the seed is negative, or a side is below 16 px.
    """
    return _photograph(seed, label, frame_view(height, width))


def generate_cropped(seed: int, *, label: int, size: int = 224) -> Fundus:
    """Generate the same eye as `generate_fundus`, in the network's crop at size x size px.

    Raises:
        ValueError: the label is not 0 or 1, the seed is negative, or a side is below 16 px.
    """
    return _photograph(seed, label, crop_view(size))


def write_folder(
    out: Path, *, count: int, seed: int, positive_share: float = 0.5, height: int = 428, width: int = 644
) -> None:
    """Write `images/*.jpg`, `masks/*.png` and `labels.csv` (columns file,label,mask) into a folder."""
    make = partial(generate_fundus, height=height, width=width)
    write_labelled(out, make, name="fundus", suffix=".jpg", count=count, seed=seed, share=positive_share)


def _photograph(seed: int, label: int, view: View) -> Fundus:
    """Paint the healthy eye and a copy with lesions, if any, and expose both alike."""
    if label not in (0, 1):
        raise ValueError(f"label must be 0 or 1, is {label}")
    if min(view.height, view.width) < SMALLEST:
        raise ValueError(f"a fundus needs {SMALLEST} px a side, not {view.height} x {view.width}")
    anatomy = np.random.default_rng((seed, ANATOMY))
    eye = draw_eye(anatomy)
    light = paint_anatomy(anatomy, eye, view)
    noise = draw_noise(np.random.default_rng((seed, SENSOR)), view)
    healthy = expose(light, noise, view)
    if label == 0:
        return Fundus(pixels=_channels_last(healthy), mask=np.zeros(healthy.shape[1:], dtype=np.bool_), label=0)
    lesions = np.random.default_rng((seed, LESIONS))
    mask = np.zeros(healthy.shape[1:], dtype=np.bool_)
    while not mask.any():  # mild lesions may be lost in the noise
        pixels = expose(apply_disease(lesions, draw_disease(lesions, eye), eye, view, light), noise, view)
        mask = (pixels != healthy).any(axis=0)
    return Fundus(pixels=_channels_last(pixels), mask=mask, label=1)


def _channels_last(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Turn (3, H, W) into (H, W, 3)."""
    return np.ascontiguousarray(pixels.transpose(1, 2, 0))

"""Full-disk magnetograms in FITS files: line-of-sight field in gauss, as published by SDO/HMI and SOHO/MDI."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from training.errors import DatasetError
from training.generators.magnetogram.disk import Floats, Levels, to_levels

try:
    from astropy.io import fits  # type: ignore[import-untyped]  # it ships no types
except ImportError:  # dependency group "training"
    fits = None

UPRIGHT_DEG = 5.0  # largest angle between solar north and the image's vertical


def read_magnetogram(path: Path, *, size: int, clip: float) -> Levels:
    """Read a magnetogram as an image of `size` px a side, solar north up and west right.

    Args:
        path: the file. Its first image is read and turned upright by the keyword CROTA2.
        size: px a side, reduced by area.
        clip: gauss. The field -clip..clip becomes 0..255, clipped beyond; zero field is 127.5. Pixels without a
            value (the sky) become 0.

    Raises:
        DatasetError: astropy is not installed, the file is no full-disk image, or it is neither upright nor
            upside down.
    """
    if fits is None:
        raise DatasetError(f"{path}: reading FITS files needs astropy (pip install astropy)")
    try:
        with fits.open(path) as units:
            unit = next((unit for unit in units if unit.is_image and unit.header.get("NAXIS") == 2), None)
            if unit is None:
                raise DatasetError(f"{path} contains no image")
            field, turn = np.asarray(unit.data, dtype=np.float32), float(unit.header.get("CROTA2", 0.0))
    except (OSError, ValueError, TypeError) as error:
        raise DatasetError(f"{path} is not a FITS image: {error}") from error
    if field.shape[0] != field.shape[1]:
        raise DatasetError(f"{path}: {field.shape[1]} x {field.shape[0]} px; a full disk is square")
    return _levels(_upright(field, turn, path), size, clip)


def _upright(field: Floats, turn: float, path: Path) -> Floats:
    """Flip the file's rows, stored bottom to top, into image order."""
    halves = round(turn / 180)
    if abs(turn - 180 * halves) > UPRIGHT_DEG:
        raise DatasetError(f"{path}: CROTA2 is {turn} degrees; only 0 and 180 are read")
    return field[:, ::-1] if halves % 2 else field[::-1]


def _levels(field: Floats, size: int, clip: float) -> Levels:
    """Reduce by area, ignoring off-disk values, and convert to levels."""
    known = np.isfinite(field)
    total = _reduced(np.where(known, field, np.float32(0)), size)
    share = _reduced(known.astype(np.float32), size)
    levels = to_levels(total / np.maximum(share, np.float32(1e-3)), clip)
    levels[share < 0.5] = 0
    return np.asarray(levels + np.float32(0.5), dtype=np.uint8)


def _reduced(plane: Floats, size: int) -> Floats:
    return np.asarray(Image.fromarray(plane).resize((size, size), Image.Resampling.BOX))

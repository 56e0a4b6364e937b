"""Images for tests."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def white_half(height: int = 64, width: int = 96) -> bytes:
    """Return a mask whose left half is white."""
    pixels = np.zeros((height, width), np.uint8)
    pixels[:, : width // 2] = 255
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()

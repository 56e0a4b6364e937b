"""Generated photographs as clients send them."""

from __future__ import annotations

import io

from PIL import Image

from training.generators.fundus.generator import generate_fundus


def photograph(height: int = 428, width: int = 644, *, seed: int) -> bytes:
    """Every second one is ill."""
    file = io.BytesIO()
    Image.fromarray(generate_fundus(seed, label=seed % 2, height=height, width=width).pixels).save(file, "JPEG")
    return file.getvalue()

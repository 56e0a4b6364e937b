"""Conversion of any pixel format to 8-bit RGB or grey."""

from __future__ import annotations

from typing import cast

from PIL import Image

from model.config import ColorMode
from model.errors import UnsupportedImage

PILLOW_MODES: dict[ColorMode, str] = {"rgb": "RGB", "grey": "L"}
_DEEP_TO_EIGHT_BITS = [(level + 128) // 257 for level in range(65536)]  # 65535 = 257 * 255


def to_mode(image: Image.Image, mode: ColorMode) -> Image.Image:
    """Return the image in mode "RGB" or "L": 16-bit grey is scaled, transparency is blended onto black.

    Raises:
        UnsupportedImage: grey levels whose range is not known: floating point, or integers beyond 16 bits.
    """
    if image.mode == "F":
        raise UnsupportedImage("floating-point grey levels have no fixed range: save them as 8 or 16 bits")
    if image.mode.startswith("I"):
        image = _scale_deep(image)
    elif image.has_transparency_data:
        image = _lay_on_black(image)
    target = PILLOW_MODES[mode]
    return image if image.mode == target else image.convert(target)


def _scale_deep(image: Image.Image) -> Image.Image:
    """Scale 0..65535 to 0..255; Pillow's own conversion would clip at 255."""
    levels = image.convert("I")
    low, high = cast(tuple[int, int], levels.getextrema())
    if low < 0 or high > 65535:
        raise UnsupportedImage(f"grey levels from {low} to {high}: save them as 8 or 16 bits without sign")
    return levels.point(_DEEP_TO_EIGHT_BITS, "L")


def _lay_on_black(image: Image.Image) -> Image.Image:
    layer = image.convert("RGBA")
    black = Image.new("RGB", image.size)
    black.paste(layer, mask=layer)
    return black

"""Overlay of a map on its image: heatmap, blending, PNG."""

from __future__ import annotations

import math
import struct
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from model.errors import ConfigurationError
from model.images.preprocessing import Box, Picture

Map = npt.NDArray[np.floating]  # (h, w), values in 0..1

# The rows of colormaps.png, 256 colours each: matplotlib's tables (Smith, van der Walt, Firing; CC0).
COLORMAPS = ("inferno", "viridis", "magma", "plasma", "cividis")
_PNG_COLOUR_TYPES = {"L": 0, "RGB": 2, "RGBA": 6}
_PNG_FILTER_UP = 2


@dataclass(frozen=True, kw_only=True)
class Style:
    """How a map is drawn."""

    threshold: float  # where the upsampled map is not above it, nothing is drawn
    colormap: str = COLORMAPS[0]  # level i is value i/256 and up, as in matplotlib
    opacity: float = 0.5  # of what is drawn, 0..1


def render_heatmap(values: Map, *, height: int, width: int, style: Style) -> Image.Image:
    """Colour a map, upsampled bilinearly, on the absolute scale 0..1: two images can be compared.

    Args:
        values: (h, w) in 0..1.
        height: px of the result.
        width: px of the result.
        style: colours, and what stays transparent.

    Returns:
        Mode "RGBA".

    Raises:
        ConfigurationError: no such colormap.
    """
    cells = Image.fromarray(np.asarray(values, dtype=np.float32))
    upsampled = np.asarray(cells.resize((width, height), Image.Resampling.BILINEAR))  # align_corners=False
    shown = upsampled > style.threshold
    levels = np.clip(upsampled * np.float32(256), 0, 255).astype(np.uint8)
    indexed = Image.fromarray(levels * shown)
    indexed.putpalette(_table(style.colormap))
    heatmap = indexed.convert("RGB")
    heatmap.putalpha(Image.fromarray(shown * np.uint8(round(style.opacity * 255))))
    return heatmap


def render_layer(picture: Picture, values: Map, region: Box, *, longest: int | None, style: Style) -> Image.Image:
    """Return the heatmap in its region on a transparent layer of the displayed size, mode "RGBA"."""
    height, width = display_size(picture, longest)
    left, top, right, bottom = _displayed(region, picture, height, width)
    heatmap = render_heatmap(values, height=bottom - top, width=right - left, style=style)
    layer = Image.new("RGBA", (width, height))
    layer.paste(heatmap, (left, top))
    return layer


def render_overlay(picture: Picture, values: Map, region: Box, *, longest: int | None, style: Style) -> Image.Image:
    """Blend the heatmap over the picture at the region it explains.

    Args:
        picture: may have been reduced while it was decoded.
        values: (h, w) in 0..1, covering the region.
        region: the crop in px of the upload.
        longest: bound in px on the longer side of the result, never larger than the upload; None: its size.
        style: as in `render_heatmap`.

    Returns:
        Mode "RGB".

    Raises:
        ConfigurationError: no such colormap.
    """
    layer = render_layer(picture, values, region, longest=longest, style=style)
    blend = picture.pixels.resize(layer.size, Image.Resampling.BILINEAR, reducing_gap=3.0).convert("RGB")
    blend.paste(layer, mask=layer)
    return blend


def display_size(picture: Picture, longest: int | None) -> tuple[int, int]:
    """Return (height, width) in px: the upload's, scaled down to a longer side of at most `longest`."""
    scale = min(1.0, (longest or math.inf) / max(picture.height, picture.width))
    return max(round(picture.height * scale), 1), max(round(picture.width * scale), 1)


def coverage(values: Map, threshold: float) -> float:
    """Return the share of cells strictly over the threshold."""
    return float((np.asarray(values) > threshold).mean())


def encode_png(image: Image.Image) -> bytes:
    """Encode a PNG of mode "L", "RGB" or "RGBA", for speed rather than size.

    One filter for all rows and run-length matches: an overlay of 1024 x 680 in 12-16 ms and 1.0 MB. Pillow
    tries every filter on every row: 35 ms and 0.95 MB at level 1, 79 ms and 0.83 MB at its default level.
    """
    rows = np.asarray(image).reshape(image.height, -1)  # (H, W*C)
    filtered = np.empty((image.height, rows.shape[1] + 1), dtype=np.uint8)
    filtered[:, 0] = _PNG_FILTER_UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])  # modulo 256
    deflate = zlib.compressobj(level=1, memLevel=9, strategy=zlib.Z_RLE)
    body = deflate.compress(filtered.data) + deflate.flush()
    header = struct.pack(">IIBBBBB", image.width, image.height, 8, _PNG_COLOUR_TYPES[image.mode], 0, 0, 0)
    chunks = (_png_chunk(b"IHDR", header), _png_chunk(b"IDAT", body), _png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))


def _displayed(region: Box, picture: Picture, height: int, width: int) -> Box:
    """Convert the region from px of the upload to px of the display, at least 1 px in both directions."""
    left, right = (round(edge * width / picture.width) for edge in (region[0], region[2]))
    top, bottom = (round(edge * height / picture.height) for edge in (region[1], region[3]))
    left, top = min(left, width - 1), min(top, height - 1)
    return left, top, max(right, left + 1), max(bottom, top + 1)


@cache
def _table(colormap: str) -> bytes:
    """256 RGB colours."""
    if colormap not in COLORMAPS:
        raise ConfigurationError(f"no colormap {colormap!r}; there are {COLORMAPS}")
    row = COLORMAPS.index(colormap)
    with Image.open(Path(__file__).with_name("colormaps.png")) as tables:
        return tables.crop((0, row, 256, row + 1)).tobytes()

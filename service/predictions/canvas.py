"""Picture that a map is drawn on, at the requested size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PIL import Image

from model.config import Preprocessing
from model.images.overlay import display_size
from model.images.preprocessing import Box, Picture, crop_box, decode_image

Size = Literal["upload", "input"] | int  # int: longest side in px
MOST_HELD_PX = 1024  # longest side of a picture held while its image waits for the network


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """Picture, region of the map in px of the upload, and longest side in px when drawn (None: the upload's)."""

    picture: Picture
    region: Box
    longest: int | None

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in px when drawn."""
        return display_size(self.picture, self.longest)

    @property
    def is_low_resolution(self) -> bool:
        """Whether the held picture has fewer pixels than will be drawn."""
        return max(self.picture.pixels.size) < max(self.size)


def canvas_for(picture: Picture, preprocessing: Preprocessing, size: Size) -> Canvas:
    """Return a canvas with few pixels, since many may wait for the network; see `decode_at_full_size`."""
    region = crop_box(preprocessing, picture.height, picture.width)
    if size == "input":
        return _network_input(picture, region, preprocessing)
    longest = None if size == "upload" or size >= max(picture.height, picture.width) else size
    held = _reduced(picture, min(longest or MOST_HELD_PX, MOST_HELD_PX))
    return Canvas(picture=held, region=region, longest=longest)


def decode_at_full_size(canvas: Canvas, data: bytes, preprocessing: Preprocessing, *, max_pixels: int) -> Canvas:
    """Return the canvas with its picture decoded again, at the size that is drawn."""
    picture = decode_image(data, preprocessing.mode, max_pixels=max_pixels, at_least=canvas.size)
    return Canvas(picture=picture, region=canvas.region, longest=canvas.longest)


def _reduced(picture: Picture, longest: int) -> Picture:
    height, width = display_size(picture, longest)
    if max(picture.pixels.size) <= max(height, width):
        return picture
    pixels = picture.pixels.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=3.0)
    return Picture(pixels, picture.height, picture.width)


def _network_input(picture: Picture, region: Box, preprocessing: Preprocessing) -> Canvas:
    height, width = preprocessing.height, preprocessing.width
    across, down = picture.pixels.width / picture.width, picture.pixels.height / picture.height
    left, top, right, bottom = region
    box = (left * across, top * down, right * across, bottom * down)
    cropped = picture.pixels.resize((width, height), Image.Resampling.BILINEAR, box=box, reducing_gap=3.0)
    return Canvas(picture=Picture(cropped, height, width), region=(0, 0, width, height), longest=None)

"""The picture that a map is drawn on, at the size that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PIL import Image

from model.config import Preprocessing
from model.image import Box, Picture, crop_box, decode_image
from model.overlay import display_size

Size = Literal["upload", "input"] | int  # int: longest side in px


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """A picture, where the map lies on it in its px, and the bound in px on its longer side when drawn."""

    picture: Picture
    region: Box
    longest: int | None

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in px when drawn."""
        return display_size(self.picture, self.longest)

    @property
    def blurred(self) -> bool:
        """Whether a JPEG was decoded at a scale below the size it will be drawn at."""
        return self.picture.pixels.width < self.size[1]


def canvas_for(picture: Picture, preprocessing: Preprocessing, size: Size) -> Canvas:
    """Return a canvas that holds no more pixels than `size` needs: many may wait for the network at once."""
    region = crop_box(preprocessing, picture.height, picture.width)
    if size == "input":
        return _what_the_network_saw(picture, region, preprocessing)
    canvas = Canvas(picture=picture, region=region, longest=None if size == "upload" else size)
    height, width = canvas.size
    if picture.pixels.width <= width:
        return canvas
    reduced = picture.pixels.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=3.0)
    return Canvas(picture=Picture(reduced, picture.height, picture.width), region=region, longest=canvas.longest)


def sharpened(canvas: Canvas, data: bytes, preprocessing: Preprocessing, *, max_pixels: int) -> Canvas:
    """Return the canvas decoded again, at the scale that it is drawn at."""
    picture = decode_image(data, preprocessing.mode, max_pixels=max_pixels, at_least=canvas.size)
    return Canvas(picture=picture, region=canvas.region, longest=canvas.longest)


def _what_the_network_saw(picture: Picture, region: Box, preprocessing: Preprocessing) -> Canvas:
    height, width = preprocessing.height, preprocessing.width
    across, down = picture.pixels.width / picture.width, picture.pixels.height / picture.height
    left, top, right, bottom = region
    box = (left * across, top * down, right * across, bottom * down)
    cropped = picture.pixels.resize((width, height), Image.Resampling.BILINEAR, box=box, reducing_gap=3.0)
    return Canvas(picture=Picture(cropped, height, width), region=(0, 0, width, height), longest=None)

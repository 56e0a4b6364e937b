from __future__ import annotations

import pytest
from PIL import Image

from model.config import Preprocessing
from model.images.preprocessing import Picture
from service.predictions.canvas import MOST_HELD_PX, Size, canvas_for

PREPROCESSING = Preprocessing(mode="rgb", height=32, width=32, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))


@pytest.mark.parametrize(("height", "width"), [(2000, 3000), (1, 5000), (5000, 1)])
@pytest.mark.parametrize("size", ["upload", "input", 1, 1024, 2048, 10**400])
def test_few_pixels_wait_for_the_network(height: int, width: int, size: Size) -> None:
    picture = Picture(Image.new("RGB", (width, height)), height, width)
    canvas = canvas_for(picture, PREPROCESSING, size)
    assert max(canvas.picture.pixels.size) <= MOST_HELD_PX
    assert canvas.is_low_resolution is (size not in ("input", 1, 1024))
    if size in ("upload", 10**400):
        assert canvas.size == (height, width)


def test_a_small_picture_is_held_as_it_is() -> None:
    picture = Picture(Image.new("RGB", (300, 200)), 200, 300)
    canvas = canvas_for(picture, PREPROCESSING, "upload")
    assert canvas.picture is picture
    assert not canvas.is_low_resolution

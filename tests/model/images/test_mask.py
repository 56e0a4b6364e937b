"""A mask at the network's input lies where its image's pixels do."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from model.config import Preprocessing
from model.errors import MaskMisfit
from model.images.mask import MASK_MODE, mask_of, read_masks
from model.images.preprocessing import Picture, decode_image

WHOLE = Preprocessing(mode="rgb", height=8, width=8, mean=(0.5,) * 3, std=(0.25,) * 3)
RIGHT_HALF = Preprocessing(
    mode="rgb", height=8, width=8, mean=(0.5,) * 3, std=(0.25,) * 3, crop=(0.5, 0.0, 1.0, 1.0)
)
IMAGE = Picture(Image.new("RGB", (64, 32)), 32, 64)


def picture(levels: NDArray[np.uint8]) -> Picture:
    file = io.BytesIO()
    Image.fromarray(levels).save(file, "PNG")
    return decode_image(file.getvalue(), MASK_MODE)


def test_a_single_pixel_is_not_lost() -> None:
    levels = np.zeros((32, 64), np.uint8)
    levels[5, 17] = 255
    expected = torch.zeros(8, 8, dtype=torch.bool)
    expected[1, 2] = True
    assert mask_of(picture(levels), IMAGE, WHOLE).equal(expected)


def test_is_cropped_as_its_image_is() -> None:
    levels = np.zeros((32, 64), np.uint8)
    levels[:, :32] = 255
    assert mask_of(picture(levels), IMAGE, WHOLE)[:, :4].all()
    assert not mask_of(picture(levels), IMAGE, RIGHT_HALF).any()


def test_a_smaller_mask_covers_the_same_part() -> None:
    levels = np.zeros((4, 8), np.uint8)
    levels[1, 6] = 255
    inside = mask_of(picture(levels), IMAGE, RIGHT_HALF)
    expected = torch.zeros(8, 8, dtype=torch.bool)
    expected[2:4, 4:6] = True
    assert inside.equal(expected)


def test_grey_of_a_lossy_file_is_rounded() -> None:
    levels = np.full((32, 64), 127, np.uint8)
    levels[:, 32:] = 128
    assert mask_of(picture(levels), IMAGE, WHOLE).equal(torch.arange(8).expand(8, 8) >= 4)


def test_other_proportions_are_refused() -> None:
    with pytest.raises(MaskMisfit, match="64 x 64 px, its image 64 x 32"):
        mask_of(picture(np.zeros((64, 64), np.uint8)), IMAGE, WHOLE)


def test_masks_of_an_image_are_united(tmp_path: Path) -> None:
    for name, colour, row in (("red.tif", (255, 0, 0), 0), ("white.png", (255, 255, 255), 16)):
        levels = np.zeros((32, 64, 3), np.uint8)
        levels[row : row + 4] = colour
        Image.fromarray(levels).save(tmp_path / name)
    inside = read_masks([tmp_path / "red.tif", tmp_path / "white.png"], IMAGE, WHOLE)
    assert torch.nonzero(inside.all(dim=1)).flatten().tolist() == [0, 4]
    assert int(inside.sum()) == 16


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 0, 255), (1, 1, 1)])
def test_any_colour_is_inside_and_so_is_1_in_a_mask_of_0_and_1(colour: tuple[int, int, int]) -> None:
    levels = np.zeros((32, 64, 3), np.uint8)
    levels[:, 32:] = colour
    assert mask_of(picture(levels), IMAGE, WHOLE).equal(torch.arange(8).expand(8, 8) >= 4)

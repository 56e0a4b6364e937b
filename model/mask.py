"""A mask of what matters in an image, white on black, brought to the network's input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageChops
from torch import Tensor

from model.config import Preprocessing
from model.errors import BrokenImage
from model.image import Picture, crop_box, cut_out, read_image

WHITE = 128  # levels from here on are inside
ASPECT = 0.02  # relative difference of the sides' ratio: a mask that was resized may be a pixel off


def mask_of(picture: Picture, image: Picture, preprocessing: Preprocessing) -> Tensor:
    """Crop and resize a mask as its image is: (H, W) of bools, True where any part of the pixel lies inside.

    Args:
        picture: the mask, grey, of any size with the image's proportions.
        image: what it is the mask of.
        preprocessing: of the network.

    Raises:
        BrokenImage: other proportions than the image's.
    """
    if abs(picture.width * image.height / (picture.height * image.width) - 1) > ASPECT:
        raise BrokenImage(
            f"the mask is {picture.width} x {picture.height} px, its image {image.width} x {image.height} px: "
            f"other proportions"
        )
    white = picture.pixels.point([0] * WHITE + [255] * (256 - WHITE)).convert("F")
    box = crop_box(preprocessing, picture.height, picture.width)
    cropped, exactly = cut_out(replace(picture, pixels=white), box)
    shares = cropped.resize((preprocessing.width, preprocessing.height), Image.Resampling.BOX, box=exactly)
    return torch.from_numpy(np.array(shares) > 0)


def read_masks(paths: Sequence[Path], image: Picture, preprocessing: Preprocessing) -> Tensor:
    """Read the masks of an image and unite them at the network's input: (H, W) of bools.

    Their colour says nothing: a pixel is inside by its brightest channel, as IDRiD's own masks are red.

    Raises:
        ImageError: a mask does not decode, or has other proportions than the image's.
    """
    return torch.stack([mask_of(_brightest(path), image, preprocessing) for path in paths]).any(dim=0)


def _brightest(path: Path) -> Picture:
    picture = read_image(path, "rgb")
    return replace(picture, pixels=reduce(ImageChops.lighter, picture.pixels.split()))

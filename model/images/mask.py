"""Lesion mask of an image, bright on black, at the network's input size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from model.config import ColorMode, Preprocessing
from model.errors import MaskMisfit
from model.images.preprocessing import Picture, crop_box, cut_out, read_image

MASK_MODE: ColorMode = "rgb"  # to decode a mask with: some are drawn in a colour
INSIDE = 128  # the brightest channel's level from here on; 1 in a mask of 0 and 1
ASPECT = 0.02  # relative difference of the sides' ratio: a mask that was resized may be a pixel off


def mask_of(picture: Picture, image: Picture, preprocessing: Preprocessing) -> Tensor:
    """Crop and resize a mask like its image: (H, W) of bools, True where any part of the pixel lies inside.

    Args:
        picture: the mask, of any size with the image's proportions.
        image: what it is the mask of.
        preprocessing: of the network.

    Raises:
        MaskMisfit: other proportions than the image's.
    """
    if abs(picture.width * image.height / (picture.height * image.width) - 1) > ASPECT:
        raise MaskMisfit(
            f"the mask is {picture.width} x {picture.height} px, its image {image.width} x {image.height} px: "
            f"other proportions"
        )
    box = crop_box(preprocessing, picture.height, picture.width)
    cropped, exactly = cut_out(replace(picture, pixels=_inside(picture.pixels)), box)
    shares = cropped.resize((preprocessing.width, preprocessing.height), Image.Resampling.BOX, box=exactly)
    return torch.from_numpy(np.array(shares) > 0)


def read_masks(paths: Sequence[Path], image: Picture, preprocessing: Preprocessing) -> Tensor:
    """Read the masks of an image and unite them at the network's input: (H, W) of bools.

    Raises:
        ImageError: a mask does not decode, or has other proportions than the image's.
    """
    return torch.stack([mask_of(read_image(path, MASK_MODE), image, preprocessing) for path in paths]).any(dim=0)


def _inside(pixels: Image.Image) -> Image.Image:
    """Return 1.0 inside and 0.0 outside."""
    levels = np.asarray(pixels).reshape(pixels.height, pixels.width, -1).max(axis=2)
    return Image.fromarray((levels >= (1 if levels.max() == 1 else INSIDE)).astype(np.float32))

"""Decoding of image files within bounds, and conversion between pictures and network input."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from torch import Tensor

from model.config import ColorMode, Preprocessing
from model.errors import ImageError
from model.images.color import PILLOW_MODES, to_mode
from model.images.file_types import check_pixels, naming_failures, orientation, recognise
from model.images.normalisation import denormalise

Box = tuple[int, int, int, int]  # left, top, right, bottom in px

MAX_PIXELS = 40_000_000
MAX_FILE_BYTES = 1 << 29  # of a local file: MAX_PIXELS of 16-bit RGBA are 320 MB
_UPRIGHT = {  # EXIF orientation -> what turns the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = (5, 6, 7, 8)

# Pillow keeps four 16 MB blocks for the next image: 4288 x 2848 RGB decodes in 26 ms, not 46 (page faults).
Image.core.set_blocks_max(4)  # type: ignore[attr-defined]  # Pillow's own switch, missing in its types


@dataclass(frozen=True)
class Picture:
    """A decoded image, upright."""

    pixels: Image.Image  # mode "RGB" or "L"; a JPEG's may be 1/2, 1/4 or 1/8 of the upload's size
    height: int  # px of the upload, upright
    width: int  # px


def decode_image(
    data: bytes, mode: ColorMode, *, max_pixels: int = MAX_PIXELS, at_least: tuple[int, int] = (0, 0)
) -> Picture:
    """Decode the first frame of a JPEG, PNG, WebP, TIFF or BMP file.

    Args:
        data: the file.
        mode: what the pixels become.
        max_pixels: bound on height * width, checked on the header.
        at_least: (height, width) in px that suffice: a JPEG may then be decoded at 1/2, 1/4 or 1/8, never
            below them. (0, 0): full size.

    Raises:
        UnsupportedImage: not an image type read here.
        BrokenImage: it does not decode.
        TooManyPixels: known before decoding.
    """
    reader = recognise(data)
    with naming_failures(reader.format or reader.__name__):
        file = reader(io.BytesIO(data))
        check_pixels(file, max_pixels)
        return _load(file, mode, at_least)


def read_image(
    path: Path, mode: ColorMode, *, max_pixels: int = MAX_PIXELS, at_least: tuple[int, int] = (0, 0)
) -> Picture:
    """Decode an image file; see `decode_image`.

    Raises:
        ImageError: as `decode_image`, or a file that cannot be read; its message begins with the path.
    """
    try:
        if (size := path.stat().st_size) > MAX_FILE_BYTES:
            raise ImageError(f"{size} bytes; at most {MAX_FILE_BYTES} are read")  # noqa: TRY301  (the path is added below)
        return decode_image(path.read_bytes(), mode, max_pixels=max_pixels, at_least=at_least)
    except ImageError as error:
        raise type(error)(f"{path}: {error}") from error
    except OSError as error:
        raise ImageError(f"{path}: {error.strerror}") from error


def decode_size(preprocessing: Preprocessing) -> tuple[int, int]:
    """Return the `at_least` (height, width) in px that leaves the crop twice the network's input or more.

    One rule for validation, predictions and jobs: what the network sees must not depend on how it is displayed.
    """
    left, top, right, bottom = preprocessing.crop
    return _span(preprocessing.height, top, bottom), _span(preprocessing.width, left, right)


def crop_box(preprocessing: Preprocessing, height: int, width: int) -> Box:
    """Return the crop in px of a picture of that size: rounded, at least 1 px."""
    left, top, right, bottom = preprocessing.crop
    x_start, x_end = _edges(left, right, width)
    y_start, y_end = _edges(top, bottom, height)
    return x_start, y_start, x_end, y_end


def cut_out(picture: Picture, box: Box) -> tuple[Image.Image, tuple[float, float, float, float]]:
    """Cut a box of the upload out of a picture that may have been reduced while it was decoded.

    Cut first, since Pillow's filter reaches over the edge of a box. Cuts are whole pixels, so the result
    comes with the exact place of the box in it.
    """
    width, height = picture.pixels.size
    across, down = width / picture.width, height / picture.height
    left, top = box[0] * across, box[1] * down
    right, bottom = min(box[2] * across, width), min(box[3] * down, height)
    x, y = math.floor(left), math.floor(top)
    cut = picture.pixels.crop((x, y, math.ceil(right), math.ceil(bottom)))
    return cut, (left - x, top - y, right - x, bottom - y)


def to_tensor(picture: Picture, preprocessing: Preprocessing) -> Tensor:
    """Crop, resize (bilinear, antialiased) and normalise: (1, C, H, W) float32."""
    height, width = preprocessing.height, preprocessing.width
    cropped, box = cut_out(picture, crop_box(preprocessing, picture.height, picture.width))
    resized = cropped.resize((width, height), Image.Resampling.BILINEAR, box=box, reducing_gap=3.0)
    levels = torch.from_numpy(np.array(resized)).reshape(height, width, -1).permute(2, 0, 1)  # (C, H, W) uint8
    std = torch.tensor(preprocessing.std).view(-1, 1, 1)
    shift = torch.tensor(preprocessing.mean).view(-1, 1, 1) / std
    values = levels.to(torch.float32, memory_format=torch.contiguous_format)
    return values.div_(255 * std).sub_(shift).unsqueeze(0)


def to_pixels(tensor: Tensor, preprocessing: Preprocessing) -> npt.NDArray[np.uint8]:
    """Undo the normalisation: (C, H, W) -> (H, W, C) levels 0..255."""
    levels = denormalise(tensor.detach().cpu(), preprocessing).permute(1, 2, 0) * 255
    array: npt.NDArray[np.uint8] = levels.round().clamp(0, 255).to(torch.uint8).numpy()
    return array


def _load(file: ImageFile, mode: ColorMode, at_least: tuple[int, int]) -> Picture:
    width, height = file.size  # as stored; a TIFF is turned by its own reader
    if isinstance(file, JpegImageFile):
        least_height, least_width = reversed(at_least) if orientation(file) in _SIDEWAYS else at_least
        file.draft(PILLOW_MODES[mode], (max(least_width, 1), max(least_height, 1)) if any(at_least) else None)
    file.load()
    turn = orientation(file)
    pixels = to_mode(file, mode)
    if turn in _UPRIGHT:
        pixels = pixels.transpose(_UPRIGHT[turn])
    if turn in _SIDEWAYS:
        height, width = width, height
    return Picture(pixels, height, width)


def _edges(low: float, high: float, length: int) -> tuple[int, int]:
    start = min(round(low * length), length - 1)
    return start, max(round(high * length), start + 1)


def _span(length: int, low: float, high: float) -> int:
    """Return the px of a whole side whose part low..high has 2 * length px, inner edges rounded."""
    rounding = 0.5 * (low > 0) + 0.5 * (high < 1)
    return math.ceil((2 * length + rounding) / (high - low))

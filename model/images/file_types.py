"""Image files: recognised by their first bytes and bounded by their header before anything is decoded."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ExifTags import Base
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TILELENGTH, TILEWIDTH, TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from model.errors import BrokenImage, ImageError, TooManyPixels, UnsupportedImage

# The plugins themselves and not Image.open: it warns of sizes that are allowed here, in a state shared by all
# threads, and takes a JPEG with a broken header for no JPEG at all.
_READERS: tuple[tuple[bytes, type[ImageFile]], ...] = (
    (rb"\xff\xd8\xff", JpegImageFile),
    (rb"\x89PNG\r\n\x1a\n", PngImageFile),
    (rb"RIFF.{4}WEBP", WebPImageFile),
    (rb"II\*\0|MM\0\*|II\+\0|MM\0\+", TiffImageFile),
    (rb"BM", BmpImageFile),
)
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"}  # of the files looked for in folders
_UNREADABLE_EXIF = (SyntaxError, ValueError, TypeError, LookupError, OSError, struct.error)


def recognise(data: bytes) -> type[ImageFile]:
    """Return the reader for the file type that the first bytes show.

    Raises:
        UnsupportedImage: not a JPEG, PNG, WebP, TIFF or BMP.
    """
    for signature, reader in _READERS:
        if re.match(signature, data, re.DOTALL):
            return reader
    raise UnsupportedImage("not a JPEG, PNG, WebP, TIFF or BMP image")


@contextmanager
def naming_failures(type_name: str) -> Iterator[None]:
    """Convert any exception of a reader into an ImageError, with its cause.

    Raises:
        BrokenImage: the data do not decode.
        TooManyPixels: Pillow's own bound, where it is below ours.
    """
    try:
        yield
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise TooManyPixels(f"{type_name} image: {error}") from error
    except Exception as error:  # from SyntaxError to MemoryError: what readers raise has no other root
        raise BrokenImage(f"{type_name} image does not decode: {error}") from error


def check_pixels(file: ImageFile, max_pixels: int) -> None:
    """Check the size in the header, before decoding.

    Raises:
        BrokenImage: no pixels at all.
        TooManyPixels: more than `max_pixels`, in the image or in one tile of a TIFF.
    """
    width, height = file.size
    if width < 1 or height < 1:
        raise BrokenImage(f"{file.format} image of {width} x {height} pixels")
    if width * height > max_pixels:
        raise TooManyPixels(f"{width} x {height} pixels; at most {max_pixels} are read")
    if isinstance(file, TiffImageFile):
        tile = file.tag_v2.get(TILEWIDTH, 1) * file.tag_v2.get(TILELENGTH, 1)
        if tile > max_pixels:
            raise TooManyPixels(f"tiles of {tile} pixels; at most {max_pixels} are read")


def orientation(file: ImageFile) -> int:
    """Return the EXIF orientation 1..8; 1 if it is missing or unreadable, as in viewers.

    A PNG may carry it behind the pixels: load it first.
    """
    try:
        value = file.getexif().get(Base.Orientation, 1)
    except _UNREADABLE_EXIF:
        return 1
    return value if value in range(1, 9) else 1

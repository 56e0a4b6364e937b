"""Errors of the model package. Nothing here depends on HTTP.

LabnError
├── ConfigurationError      an invalid configuration
├── CheckpointError         a file that is not a checkpoint of ours, or does not fit
├── ImageError
│   ├── UnsupportedImage    not an image type we read
│   ├── BrokenImage         a known type that does not decode
│   ├── MaskMisfit          a mask that is not of its image
│   └── TooManyPixels       more pixels than allowed, known before decoding
├── UnknownMethod           no explanation of that name
├── MetricError             a map, mask or setting that a metric cannot work with
└── NonFiniteOutput         the network's outputs overflowed
"""

from __future__ import annotations


class LabnError(Exception):
    """Base class of this program's errors."""


class ConfigurationError(LabnError):
    """An invalid configuration."""


class CheckpointError(LabnError):
    """A file that is not a checkpoint, or one whose keys or shapes do not fit its configuration."""


class ImageError(LabnError):
    """An image that cannot be used."""


class UnsupportedImage(ImageError):
    """Not an image type that is read here."""


class BrokenImage(ImageError):
    """A known image type that does not decode."""


class MaskMisfit(ImageError):
    """A mask of other proportions than its image."""


class TooManyPixels(ImageError):
    """The header declares more pixels than allowed; nothing was decoded."""


class UnknownMethod(LabnError):
    """No explanation method of that name."""


class MetricError(LabnError):
    """A map, mask or setting that a metric cannot work with."""


class NonFiniteOutput(LabnError):
    """The network gave NaN or infinity: activations overflowed on an input far from the training set."""

    def __init__(self, images: list[int]) -> None:
        super().__init__(f"outputs are not finite for the images at {images} of the batch")
        self.images = images

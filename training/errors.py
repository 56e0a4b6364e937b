"""Errors of training.

LabnError
└── TrainingError
    ├── DatasetError     a file is missing or broken, or a class is empty; names the file
    ├── SplitMismatch    a start checkpoint may have been trained on this run's validation images
    └── Diverged         the loss is no longer finite
"""

from model.errors import LabnError


class TrainingError(LabnError):
    """Base class of training errors."""


class DatasetError(TrainingError):
    """Unusable data set."""


class SplitMismatch(TrainingError):
    """Start checkpoint trained on another split of the real images."""


class Diverged(TrainingError):
    """Loss is no longer finite."""

"""What can go wrong in training.

LabnError
└── TrainingError
    ├── DatasetError     a file is missing or broken, or a class is empty; names the file
    └── Diverged         the loss is no longer a number
"""

from model.errors import LabnError


class TrainingError(LabnError):
    """Any error of training that has a name."""


class DatasetError(TrainingError):
    """A data set that cannot be used as it is."""


class Diverged(TrainingError):
    """The loss is no longer a number."""

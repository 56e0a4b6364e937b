"""Errors between a request for an evaluation and its result; independent of HTTP.

LabnError
├── QueueError
│   ├── InvalidSettings         a process cannot start with these settings
│   ├── PayloadRefused          a job with an unknown function or an invalid payload
│   ├── QueueFull               too many jobs wait
│   ├── SetTooLarge             a set of more images than may ever wait
│   ├── UnknownJob              no job or set has that id
│   ├── KeyReused               an idempotency key that was used for another request
│   ├── UploadMissing           the image or mask is no longer stored
│   ├── ModelMissing            the worker has no checkpoint of that version
│   ├── JobTimedOut             a job took longer than allowed
│   ├── OutOfMemory             not even one image fits the memory of the device
│   └── DeviceFailed            CUDA or oneDNN is broken for this process
└── Interruption                not a failure: the worker must stop working on the job
    ├── Taken                   cancelled, or given to another worker
    └── HandedBack              the worker stops and returns the job to the queue
"""

from __future__ import annotations

import re

from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisSlow

from model.errors import LabnError

AWAY: tuple[type[Exception], ...] = (RedisGone, RedisSlow)  # Redis is unreachable


class QueueError(LabnError):
    """Base class of the queue's errors."""


class InvalidSettings(QueueError):
    """A setting cannot be used; the message names it."""


class PayloadRefused(QueueError):
    """A job with an unknown function or an invalid payload."""


class QueueFull(QueueError):
    """Too many jobs wait."""

    def __init__(self, waiting: int, *, retry_after_s: float, what: str = "evaluations") -> None:
        super().__init__(f"{waiting} {what} are already waiting")
        self.retry_after_s = retry_after_s


class SetTooLarge(QueueError):
    """A set of more images than may ever wait; retrying later does not help."""


class UnknownJob(QueueError):
    """No evaluation or set has that id; it may have expired."""


class KeyReused(QueueError):
    """An idempotency key was used for another request."""


class UploadMissing(QueueError):
    """The image or mask of a job is no longer stored."""


class ModelMissing(QueueError):
    """The worker has no checkpoint of that version."""


class JobTimedOut(QueueError):
    """A job took longer than allowed."""


class OutOfMemory(QueueError):
    """Not even one image at a time fits the memory of the device."""


class DeviceFailed(QueueError):
    """CUDA or oneDNN is broken for this process; only a new process can continue."""


class Interruption(LabnError):
    """Not a failure: the worker must stop working on the job."""


class Taken(Interruption):
    """The job was cancelled, or its lease expired and it was given to another worker."""


class HandedBack(Interruption):
    """The worker stops before the job has ended."""


def error_type(error: BaseException) -> str:
    """Return the API's name of an error: `broken_image` for BrokenImage, `internal` for foreign exceptions."""
    if not isinstance(error, LabnError):
        return "internal"
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()

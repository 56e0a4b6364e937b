"""What can go wrong between a request for an evaluation and its result; nothing here knows of HTTP.

LabnError
├── QueueError
│   ├── InvalidSettings         a process cannot start with these settings
│   ├── PayloadRefused          a job that is not one of ours
│   ├── QueueFull               too many jobs wait
│   ├── SetTooLarge             a set of more images than may ever wait
│   ├── UnknownJob              no job or set of that id
│   ├── KeyReused               an idempotency key that was given with another request
│   ├── UploadMissing           the image or mask is no longer there
│   ├── ModelMissing            no checkpoint of that version where the worker looks
│   ├── JobTimedOut             a job took longer than allowed
│   ├── OutOfMemory             not even one image fits the device
│   ├── DeviceFailed            CUDA or oneDNN is broken for this process
│   └── WorkerLost              the workers that ran the job vanished
└── Interruption                no failure: the job is no longer this worker's
    ├── Taken                   cancelled, or given to another worker
    └── HandedBack              the worker ends, the job goes back into the queue
"""

from __future__ import annotations

import re

from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisSlow

from model.errors import LabnError

AWAY: tuple[type[Exception], ...] = (RedisGone, RedisSlow)  # Redis does not answer


class QueueError(LabnError):
    """Any error of the queue that has a name."""


class InvalidSettings(QueueError):
    """A setting cannot be used; the message names it."""


class PayloadRefused(QueueError):
    """A job whose payload or function is not one of ours."""


class QueueFull(QueueError):
    """Too many jobs wait."""

    def __init__(self, waiting: int, *, retry_after_s: float, what: str = "evaluations") -> None:
        super().__init__(f"{waiting} {what} wait already")
        self.retry_after_s = retry_after_s


class SetTooLarge(QueueError):
    """A set of more images than may ever wait: no later moment is better."""


class UnknownJob(QueueError):
    """No evaluation, or no set, of that id; its time may be over."""


class KeyReused(QueueError):
    """An idempotency key that was given with another request."""


class UploadMissing(QueueError):
    """The image or mask that a job needs is no longer there."""


class ModelMissing(QueueError):
    """No checkpoint of that version where the worker looks."""


class JobTimedOut(QueueError):
    """A job took longer than allowed."""


class OutOfMemory(QueueError):
    """Not even one image at a time fits the memory of the device."""


class DeviceFailed(QueueError):
    """CUDA or oneDNN is broken for this process: only a new one can go on."""


class WorkerLost(QueueError):
    """The workers that ran the job vanished, as often as it was tried."""


class Interruption(LabnError):
    """No failure: the job is no longer this worker's."""


class Taken(Interruption):
    """The job was cancelled, or its lease ran out and it was given to another worker."""


class HandedBack(Interruption):
    """The worker ends before the job does."""


def error_type(error: BaseException) -> str:
    """Return the name of an error in the API: `broken_image` for BrokenImage; `internal` for what has no name."""
    if not isinstance(error, LabnError):
        return "internal"
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()

"""Errors of the service, beside those of the model and the queue. None of them knows HTTP.

LabnError
└── ServiceError
    ├── SettingsError           the service cannot start with these settings
    ├── RequestError
    │   ├── MalformedRequest    the body is not a valid upload
    │   ├── BadParameter        invalid parameter; the message names it
    │   ├── BadSet              invalid set of images; the message names the file
    │   ├── BodyTooLarge        the body exceeds the limit
    │   ├── UploadTooSlow       the body was not complete in time
    │   ├── WrongKey            the API key is missing or unknown
    │   ├── MissingScope        the API key lacks the required scope
    │   ├── KeysNeeded          request from another machine to a service without API keys
    │   ├── UnknownModel        no model of that name and version
    │   ├── NotFinished         the evaluation has no result yet, or none at all
    │   ├── NotThere            the evaluation has no such part, or it has expired
    │   └── ClientGone          the client disconnected before its answer was ready
    └── BusyError
        ├── QueueFull           all slots are taken
        ├── RateLimited         the API key exceeded its rate limit
        ├── NotReady            the service is starting, draining or broken
        ├── NoQueue             the service runs without Redis
        └── QueueAway           Redis does not answer
"""

from __future__ import annotations

from model.errors import LabnError

NO_QUEUE = (
    "this service was started without LABN_REDIS_URL, so it serves predictions only; `make serve` has a queue"
)
NO_QUEUE_RETRY_S = 60
AWAY_DETAIL = "Redis does not answer; accepted jobs are not lost, and predictions still work"
AWAY_RETRY_S = 5


class ServiceError(LabnError):
    """Base class of the service's errors."""


class SettingsError(ServiceError):
    """The service cannot start with these settings."""


class RequestError(ServiceError):
    """The request is at fault; repeating it will not help."""


class MalformedRequest(RequestError):
    """The body is not a valid upload."""


class BadParameter(RequestError):
    """Invalid parameter."""


class BadSet(RequestError):
    """Invalid set of images."""


class BodyTooLarge(RequestError):
    """The body exceeds the limit."""


class UploadTooSlow(RequestError):
    """The body was not complete in time."""


class WrongKey(RequestError):
    """The API key is missing or unknown."""


class MissingScope(RequestError):
    """The API key lacks the required scope."""

    def __init__(self, message: str, *, scope: str) -> None:
        super().__init__(message)
        self.scope = scope


class KeysNeeded(RequestError):
    """The request came from another machine, and the service has no API keys."""


class UnknownModel(RequestError):
    """No model of that name and version."""


class NotFinished(RequestError):
    """The evaluation has no result yet, or none at all."""


class NotThere(RequestError):
    """The evaluation has no such part, or it has expired."""


class ClientGone(RequestError):
    """The client disconnected before its answer was ready."""


class BusyError(ServiceError):
    """The same request will succeed later."""

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class QueueFull(BusyError):
    """All slots are taken."""


class RateLimited(BusyError):
    """The API key exceeded its rate limit."""


class NotReady(BusyError):
    """The service is starting, draining or broken."""


class NoQueue(BusyError):
    """The service runs without Redis, so it has no queue."""

    def __init__(self) -> None:
        super().__init__(NO_QUEUE, retry_after_s=NO_QUEUE_RETRY_S)


class QueueAway(BusyError):
    """Redis does not answer. Jobs it has accepted are not lost."""

    def __init__(self) -> None:
        super().__init__(AWAY_DETAIL, retry_after_s=AWAY_RETRY_S)

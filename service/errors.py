"""What can go wrong in the service's room, besides the model's own errors; nothing here knows of HTTP.

LabnError
└── ServiceError
    ├── SettingsError       the service cannot start with these settings
    ├── RequestError
    │   ├── MalformedRequest    a body that is no image upload
    │   ├── BadParameter        a parameter that cannot be used; the message names it
    │   ├── BadSet              a set of images that cannot be used; the message names the file
    │   ├── BodyTooLarge        more bytes than allowed
    │   ├── UploadTooSlow       the body was not complete in time
    │   ├── WrongKey            the API key is missing or wrong
    │   ├── MissingScope        the API key may not do this
    │   ├── KeysNeeded          from another machine, and the service has no keys to let anybody in with
    │   ├── UnknownModel        no model of that name and version
    │   ├── NotFinished         asked for what only a finished evaluation has
    │   ├── NotThere            the evaluation has no such part, or it is no longer kept
    │   └── ClientGone          the client left before its answer was ready
    └── BusyError
        ├── QueueFull           every place is taken
        ├── RateLimited         the API key has asked too often
        ├── NotReady            starting up or draining
        ├── NoQueue             started without a Redis
        └── QueueAway           Redis does not answer
"""

from __future__ import annotations

from model.errors import LabnError


class ServiceError(LabnError):
    """Any error of the service that has a name."""


class SettingsError(ServiceError):
    """The service cannot start with these settings."""


class RequestError(ServiceError):
    """The request cannot be answered as it stands."""


class MalformedRequest(RequestError):
    """The body is no image upload."""


class BadParameter(RequestError):
    """A parameter that cannot be used."""


class BadSet(RequestError):
    """A set of images that cannot be used."""


class BodyTooLarge(RequestError):
    """The body has more bytes than allowed."""


class UploadTooSlow(RequestError):
    """The body was not complete in time."""


class WrongKey(RequestError):
    """The API key is missing or wrong."""


class MissingScope(RequestError):
    """The API key may not do this."""

    def __init__(self, message: str, *, scope: str) -> None:
        super().__init__(message)
        self.scope = scope


class KeysNeeded(RequestError):
    """It came to an address that other machines reach, and the service has no keys to let anybody in with."""


class UnknownModel(RequestError):
    """No model of that name and version."""


class NotFinished(RequestError):
    """Asked for what only an evaluation that has succeeded has."""


class NotThere(RequestError):
    """The evaluation has no such part, or it is no longer kept."""


class ClientGone(RequestError):
    """The client left before its answer was ready."""


class BusyError(ServiceError):
    """The same request will work later."""

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class QueueFull(BusyError):
    """Every place is taken."""


class RateLimited(BusyError):
    """The API key has asked too often."""


class NotReady(BusyError):
    """Starting up or draining."""


class NoQueue(BusyError):
    """Started without a Redis: there is nothing to evaluate with."""


class QueueAway(BusyError):
    """Redis does not answer; nothing that it had accepted is lost."""

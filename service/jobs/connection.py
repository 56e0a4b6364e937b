"""Connect to the Redis of LABN_REDIS_URL, and check that it accepts the credentials."""

from __future__ import annotations

import ssl
from contextlib import suppress

from redis.exceptions import AuthenticationError, AuthorizationError, ResponseError

from service.errors import SettingsError
from worker.queue.errors import AWAY
from worker.queue.job_queue import JobQueue
from worker.queue.settings import QueueSettings

REFUSALS = (
    AuthenticationError,
    AuthorizationError,
    ResponseError,
)  # wrong password, missing permission or database number


def open_queue(settings: QueueSettings) -> JobQueue:
    """Return the queue; connects at the first command.

    Raises:
        SettingsError: LABN_REDIS_URL is not a valid address.
    """
    try:
        return JobQueue.at(settings)
    except ValueError as error:  # its message may contain the password
        raise SettingsError(
            "LABN_REDIS_URL: not a valid address; it must begin with redis://, rediss:// or unix://"
        ) from error


def check_access(settings: QueueSettings) -> None:
    """Check that Redis accepts the credentials. A Redis that does not answer is not an error: it may start later.

    Raises:
        SettingsError: LABN_REDIS_URL is not a valid address, or Redis rejects its credentials.
    """
    with open_queue(settings).store.redis as client, suppress(*AWAY):
        try:
            client.ping()
        except REFUSALS as error:
            raise SettingsError(f"LABN_REDIS_URL: Redis rejects it: {error}") from error
        except AWAY as error:
            if _is_tls_error(error):
                raise SettingsError(f"LABN_REDIS_URL: no TLS connection: {error}") from error
            raise


def _is_tls_error(error: BaseException | None) -> bool:
    """Return whether a TLS error is among the causes: redis-py wraps it as a connection error."""
    return error is not None and (
        isinstance(error, ssl.SSLError) or _is_tls_error(error.__cause__ or error.__context__)
    )

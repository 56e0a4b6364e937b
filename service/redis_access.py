"""How the service comes to the Redis of LABN_REDIS_URL, and whether that lets it in."""

from __future__ import annotations

import ssl
from contextlib import suppress

from redis.exceptions import AuthenticationError, AuthorizationError, ResponseError

from service.errors import SettingsError
from worker.queue.errors import AWAY
from worker.queue.job_queue import JobQueue
from worker.queue.settings import QueueSettings

REFUSALS = (AuthenticationError, AuthorizationError, ResponseError)  # a password, a right or a database number


def open_queue(settings: QueueSettings) -> JobQueue:
    """Return the queue; nothing is connected yet.

    Raises:
        SettingsError: LABN_REDIS_URL is no address.
    """
    try:
        return JobQueue.at(settings)
    except ValueError as error:  # whose message may hold the password
        raise SettingsError("LABN_REDIS_URL: not an address; it begins redis://, rediss:// or unix://") from error


def check_access(settings: QueueSettings) -> None:
    """Make sure that Redis lets us in, where it answers; one that is away may come yet.

    Raises:
        SettingsError: LABN_REDIS_URL is no address, or Redis refuses what it holds.
    """
    with open_queue(settings).store.redis as client, suppress(*AWAY):
        try:
            client.ping()
        except REFUSALS as error:
            raise SettingsError(f"LABN_REDIS_URL: Redis refuses it: {error}") from error
        except AWAY as error:
            if _is_of_tls(error):
                raise SettingsError(f"LABN_REDIS_URL: no TLS connection: {error}") from error
            raise


def _is_of_tls(error: BaseException | None) -> bool:
    """Whether TLS is among the causes: redis-py wraps its errors as it does a refused connection."""
    return error is not None and (
        isinstance(error, ssl.SSLError) or _is_of_tls(error.__cause__ or error.__context__)
    )

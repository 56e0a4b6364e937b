"""Client for the Redis that holds the queue."""

from __future__ import annotations

from redis import Redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.retry import Retry

from worker.queue.errors import AWAY
from worker.queue.settings import QueueSettings

CONNECT_S = 2.0
ANSWER_S = 10.0
PATIENT_RETRIES = 12  # about 10 s: enough for Redis to restart


def connect(settings: QueueSettings, *, patient: bool = False) -> Redis:
    """Return a client, which connects with the first command.

    Args:
        settings: the address of Redis.
        patient: retry for about ten seconds while Redis is unreachable: for workers, not for requests.
    """
    retry = Retry(ExponentialBackoff(cap=1.0, base=0.05), PATIENT_RETRIES) if patient else Retry(NoBackoff(), 1)
    return Redis.from_url(
        settings.redis_url.get_secret_value(),
        socket_connect_timeout=CONNECT_S,
        socket_timeout=ANSWER_S,
        retry=retry,
        retry_on_error=list(AWAY),
        health_check_interval=0,
    )

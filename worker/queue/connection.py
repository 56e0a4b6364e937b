"""A client of the Redis that holds the queue."""

from __future__ import annotations

from redis import Redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.retry import Retry

from worker.queue.errors import AWAY
from worker.queue.settings import QueueSettings

CONNECT_S = 2.0
ANSWER_S = 10.0
PATIENCE = 12  # tries of a worker over about 10 s: a Redis that is started again


def connect(settings: QueueSettings, *, patient: bool = False) -> Redis:
    """Return a client; no connection is made before the first command.

    Args:
        settings: where Redis is.
        patient: try again for about ten seconds while Redis is away, as a worker should; a request should not.
    """
    retry = Retry(ExponentialBackoff(cap=1.0, base=0.05), PATIENCE) if patient else Retry(NoBackoff(), 1)
    return Redis.from_url(
        settings.redis_url.get_secret_value(),
        socket_connect_timeout=CONNECT_S,
        socket_timeout=ANSWER_S,
        retry=retry,
        retry_on_error=list(AWAY),
        health_check_interval=0,
    )

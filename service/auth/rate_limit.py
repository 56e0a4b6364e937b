"""Rate limit per key: a token bucket that refills evenly, kept in Redis so that processes share it.

A bucket is one number, the time at which it will be full again (generic cell rate algorithm, ITU-T I.371).
docs/adr/0006 says why it is not a library's.
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from service.errors import RateLimited
from service.settings import Settings

WINDOW_S = 60.0
REDIS_TIMEOUT_S = 0.25
PAUSE_S = 5.0  # before a Redis that did not answer is tried again
PREFIX = "labn:rate:"
TAKE = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + tonumber(ARGV[1])
local wait = full_at - now
if wait <= tonumber(ARGV[2]) then
    redis.call('SET', KEYS[1], string.format('%.6f', full_at), 'PX', math.ceil(wait * 1000))
end
return string.format('%.6f', wait)
"""

logger = logging.getLogger("labn.auth")


@dataclass(frozen=True)
class Allowance:
    """Remaining requests of a key, for `RateLimit` headers (draft-ietf-httpapi-ratelimit-headers)."""

    limit: int
    remaining: int
    full_s: float  # until the bucket is full again

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """`RateLimit-Policy` and `RateLimit` headers."""
        left = f'"key";r={self.remaining};t={math.ceil(self.full_s)}'
        return [
            (b"ratelimit-policy", f'"key";q={self.limit};w={WINDOW_S:.0f}'.encode()),
            (b"ratelimit", left.encode()),
        ]


class RateLimit:
    """Buckets of all keys. Used by the event loop's thread only.

    While Redis is away each process counts by itself: requests continue, and the limit applies per process.
    """

    def __init__(self, limit: int, redis: Redis | None) -> None:
        self._limit = limit
        self._cost_s = WINDOW_S / limit
        self._redis = redis
        self._take = redis.register_script(TAKE) if redis else None
        self._redis_again_at = 0.0
        self._full_at: dict[str, float] = {}  # on the monotonic clock

    async def take(self, name: str) -> Allowance:
        """Count a request of the key of that name.

        Raises:
            RateLimited: the bucket is empty.
        """
        wait_s = await self._wait_s(name)
        if wait_s <= WINDOW_S:
            # The script's answer is rounded to six digits, hence the tolerance.
            return Allowance(self._limit, math.floor((WINDOW_S - wait_s) / self._cost_s + 1e-3), wait_s)
        raise RateLimited(
            f"{self._limit} requests a minute are allowed with this key",
            retry_after_s=math.ceil(wait_s - WINDOW_S),
        )

    def spent(self) -> Allowance:
        """Return the allowance of a key whose request was refused."""
        return Allowance(self._limit, 0, WINDOW_S)

    async def stop(self) -> None:
        """Close the connections to Redis."""
        if self._redis:
            await self._redis.aclose()

    async def _wait_s(self, name: str) -> float:
        """Return the seconds until the bucket is full again, this request counted; above WINDOW_S it is refused."""
        if self._take and time.monotonic() >= self._redis_again_at:
            try:
                return float(await self._take(keys=[PREFIX + name], args=[self._cost_s, WINDOW_S]))
            except RedisError as error:  # away or full: no reason to refuse a prediction
                logger.warning("rate limits are counted per process for now: %s", type(error).__name__)
                self._redis_again_at = time.monotonic() + PAUSE_S
        return self._local_wait_s(name)

    def _local_wait_s(self, name: str) -> float:
        now = time.monotonic()
        full_at = max(self._full_at.get(name, 0.0), now) + self._cost_s
        if full_at - now <= WINDOW_S:
            self._full_at[name] = full_at
        return full_at - now


def make_rate_limit(settings: Settings) -> RateLimit | None:
    """Return the rate limit, None if none is set; connects at the first request."""
    if settings.rate_limit is None:
        return None
    redis = None
    if settings.has_queue:
        redis = Redis.from_url(
            settings.redis_url.get_secret_value(),
            socket_connect_timeout=REDIS_TIMEOUT_S,
            socket_timeout=REDIS_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
        )
    return RateLimit(settings.rate_limit, redis)

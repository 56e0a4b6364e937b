from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI
from redis import Redis

from service.auth.key_ring import open_key_ring
from service.auth.rate_limit import PREFIX, make_rate_limit
from service.errors import RateLimited, SettingsError
from service.settings import Settings
from tests.redis_server import RedisServer
from tests.service.api import running
from tests.service.keys import new_key


def taken(*settings: Settings, name: str = "a", times: int) -> list[int | None]:
    """What is left after each request, None where it was refused; limits take turns."""

    async def take() -> list[int | None]:
        limits = [limit for own in settings if (limit := make_rate_limit(own))]
        left: list[int | None] = []
        for turn in range(times):
            try:
                left.append((await limits[turn % len(limits)].take(name)).remaining)
            except RateLimited:
                left.append(None)
        for limit in limits:
            await limit.stop()
        return left

    return asyncio.run(take())


def test_there_is_none_by_default() -> None:
    assert make_rate_limit(Settings()) is None


def test_a_key_has_so_many_a_minute() -> None:
    assert taken(Settings(rate_limit=3), times=5) == [2, 1, 0, None, None]


def test_processes_agree_over_redis(redis_url: str, redis: Redis) -> None:
    one, other = (Settings(rate_limit=3, redis_url=redis_url) for _ in range(2))
    assert taken(one, other, times=5) == [2, 1, 0, None, None]
    assert 59_000 < redis.pttl(PREFIX + "a") <= 60_000  # nothing is left behind
    assert taken(one, name="b", times=1) == [2]


def test_the_bucket_fills_evenly(redis_url: str, redis: Redis) -> None:
    settings = Settings(rate_limit=3, redis_url=redis_url)
    assert taken(settings, times=3) == [2, 1, 0]
    redis.set(PREFIX + "a", float(redis.get(PREFIX + "a") or 0) - 20.5)  # as if so many seconds had gone by
    assert taken(settings, times=2) == [0, None]


def test_without_redis_each_process_counts(own_redis: RedisServer) -> None:
    settings = Settings(rate_limit=2, redis_url=own_redis.url)
    own_redis.kill()
    assert taken(settings, times=3) == [1, 0, None]


def test_a_full_redis_refuses_nobody(own_redis: RedisServer) -> None:
    settings = Settings(rate_limit=2, redis_url=own_redis.url)
    with own_redis.client() as client:
        client.config_set("maxmemory", 1)
        client.config_set("maxmemory-policy", "noeviction")
    assert taken(settings, times=3) == [1, 0, None]


def test_answers_say_what_is_left(
    make_app: Callable[..., FastAPI], redis_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "keys"
    first, second = ({"X-API-Key": new_key(file, name, capsys)} for name in ("first", "second"))
    with running(make_app(api_keys_file=file, rate_limit=2, redis_url=redis_url)) as client:
        answer = client.get("/v1/models", headers=first)
        assert answer.headers["ratelimit-policy"] == '"key";q=2;w=60'
        assert answer.headers["ratelimit"] == '"key";r=1;t=30'
        assert client.get("/v1/evaluations", headers=first).status_code == 403  # which counts as well
        refused = client.get("/v1/models", headers=first)
        assert refused.status_code == 429
        assert refused.json()["type"] == "urn:labn:problem:rate-limited"
        assert 28 <= int(refused.headers["retry-after"]) <= 30
        assert refused.headers["ratelimit"] == '"key";r=0;t=60'
        assert client.get("/v1/models", headers=second).status_code == 200
        assert "ratelimit" not in client.get("/healthz").headers


def test_it_needs_keys() -> None:
    with pytest.raises(SettingsError, match="LABN_RATE_LIMIT: the limit is per key"):
        open_key_ring(Settings(rate_limit=1))

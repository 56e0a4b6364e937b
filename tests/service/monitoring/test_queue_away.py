"""Predictions go on without the queue, and everything else says what is missing."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest
from fastapi import FastAPI

from service.errors import SettingsError
from tests.conftest import Encode
from tests.redis_server import RedisServer
from tests.service.api import Client, running
from tests.service.archives import table, zipped
from tests.service.http.test_bad_input import assert_problem
from tests.service.live import wait_until

READS = ("evaluations", "evaluations/x", "evaluations/x/events", "evaluation-sets", "evaluation-sets/x/items")


def redis_is(client: Client) -> str:
    return str(client.get("/readyz").json()["checks"]["redis"])


def assert_all_refused(client: Client, encode: Encode, slug: str, *words: str) -> None:
    archive = zipped({"labels.csv": table("a.jpg,positive"), "a.jpg": encode()})
    for response in (client.submit(encode()), client.submit_set(archive), *(client.get(f"/v1/{p}") for p in READS)):
        assert_problem(response, 503, slug, *words)
        assert int(response.headers["retry-after"]) >= 1
    assert client.predict(encode()).status_code == 200


def test_started_alone(client: Client, encode: Encode) -> None:
    assert_all_refused(client, encode, "no-queue", "LABN_REDIS_URL", "make serve")
    ready = client.get("/readyz").json()
    assert (ready["status"], ready["checks"]["redis"]) == ("ready", "none: LABN_REDIS_URL is not set")
    status = client.get("/v1/status").json()
    assert status == {
        "status": "ready",
        "queue": None,
        "workers": [],
        "devices": {"service": "cpu", "workers": []},
        "key": None,
    }
    assert "labn_queue_depth" not in client.get("/metrics").text


def test_the_key_comes_first(make_app: Callable[..., FastAPI], encode: Encode) -> None:
    with running(make_app(api_key="swordfish")) as client:
        for response in (
            client.submit(encode()),
            client.get("/v1/status"),
            *(client.get(f"/v1/{p}") for p in READS),
        ):
            assert_problem(response, 401, "wrong-key")
        key = {"X-API-Key": "swordfish"}
        assert client.submit(encode(), headers=key).status_code == 503
        assert client.get("/v1/status", headers=key).status_code == 200


def test_redis_that_was_never_there(make_app: Callable[..., FastAPI], encode: Encode) -> None:
    with running(make_app(redis_url="unix:///nowhere/redis.sock")) as client:
        wait_until(lambda: redis_is(client) == "away")
        assert_all_refused(client, encode, "queue-away", "not lost")
        assert client.get("/readyz").json()["status"] == "degraded"
        assert client.get("/v1/status").json()["queue"] is None
        metrics = client.get("/metrics").text
        assert "# TYPE labn_queue_depth gauge" in metrics
        assert "\nlabn_queue_depth" not in metrics


def test_redis_that_dies_and_comes_back(
    make_app: Callable[..., FastAPI], own_redis: RedisServer, encode: Encode
) -> None:
    with running(make_app(redis_url=own_redis.url)) as client:
        wait_until(lambda: redis_is(client) == "there")
        location = client.submit(encode()).headers["location"]
        own_redis.kill()
        response = client.get(location)  # at once: nobody has noticed yet
        assert_problem(response, 503, "queue-away")
        assert str(own_redis.url) not in response.text
        wait_until(lambda: redis_is(client) == "away")
        assert_all_refused(client, encode, "queue-away")
        own_redis.start()
        wait_until(lambda: redis_is(client) == "there")
        assert client.get(location).json()["status"] == "queued"


def test_redis_that_hangs(make_app: Callable[..., FastAPI], own_redis: RedisServer, encode: Encode) -> None:
    with running(make_app(redis_url=own_redis.url)) as client:
        wait_until(lambda: redis_is(client) == "there")
        own_redis.process.send_signal(signal.SIGSTOP)
        try:
            started = time.monotonic()
            assert client.predict(encode()).status_code == 200
            for path in ("/metrics", "/readyz", "/healthz", "/v1/status"):
                assert client.get(path).status_code == 200
            assert time.monotonic() - started < 50  # as long as five that wait for Redis take
            wait_until(lambda: redis_is(client) == "away")
            assert_problem(client.submit(encode()), 503, "queue-away")
        finally:
            own_redis.process.send_signal(signal.SIGCONT)
        wait_until(lambda: redis_is(client) == "there")


@pytest.mark.parametrize("url", ["here", "http://127.0.0.1", "redis://:sword/fish@127.0.0.1:6379/0"])
def test_an_address_that_is_none(make_app: Callable[..., FastAPI], url: str) -> None:
    with pytest.raises(SettingsError, match="LABN_REDIS_URL") as refused:
        make_app(redis_url=url)
    assert "sword" not in str(refused.value)


def test_the_background_thread_keeps_the_registries(queue_client: Client, encode: Encode) -> None:
    """A job that a worker took without a word before it died is put back; no request does that."""
    jobs = queue_client.app.state.jobs
    identifier = queue_client.submit(encode()).json()["id"]
    jobs.store.redis.hset("labn:missing", identifier, str(time.time() - 3600))
    assert jobs.store.redis.lpop("rq:queue:labn-evaluations").decode() == identifier
    wait_until(lambda: jobs.store.redis.llen("rq:queue:labn-evaluations") == 1)

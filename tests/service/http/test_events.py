"""Events as clients see them: over the network, from a process."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Encode
from tests.redis_server import RedisServer
from tests.service.api import QUICK
from tests.service.archives import table, zipped
from tests.service.conftest import LEASE_S
from tests.service.evaluations.test_evaluations import LONG
from tests.service.live import LiveService, wait_until

Event = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def live(checkpoint_folder: Path, working_redis: RedisServer) -> Iterator[LiveService]:
    service = LiveService(checkpoint_folder, default_model="tiny", redis_url=working_redis.url, lease_s=LEASE_S)
    yield service
    service.stop()


def submit(service: LiveService, image: bytes, **fields: str) -> str:
    response = httpx.post(f"{service.url}/v1/evaluations", files={"image": image}, data=QUICK | fields)
    return service.url + response.headers["location"]


def events(url: str, seen: str = "") -> Iterator[Event]:
    """Ids and states as they come; closing the iterator closes the connection."""
    headers = {"Last-Event-ID": seen} if seen else {}
    with httpx.stream("GET", f"{url}/events", headers=headers, timeout=600) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        identifier = ""
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            if name == "id":
                identifier = value
            if name == "data":
                yield identifier, json.loads(value)


def threads(service: LiveService) -> int:
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(status.partition("Threads:")[2].split()[0])


def streams(service: LiveService) -> float:
    return service.metric("labn_http_requests_in_flight") - 1  # this question is under way itself


def test_to_the_end_and_not_beyond(live: LiveService, encode: Encode) -> None:
    url = submit(live, encode(seed=400), methods="attention,random")
    found = list(events(url))
    ids = [tuple(map(int, identifier.split("-"))) for identifier, _ in found]
    assert ids == sorted(set(ids))
    last_id, last = found[-1]
    assert [state["status"] for _, state in found].count("succeeded") == 1
    assert last == httpx.get(url).json()
    assert [state for _, state in events(url)] == [last]  # who comes late is told the end
    assert httpx.get(f"{url}/events", headers={"Last-Event-ID": last_id}).status_code == 204


def test_a_client_comes_back_behind_what_it_has_seen(live: LiveService, encode: Encode) -> None:
    url = submit(live, encode(seed=401), **LONG)
    stream = events(url)
    first, _ = next(item for item in stream if item[1]["progress"]["done"])
    stream.close()
    stream = events(url, seen=first)
    second, state = next(stream)
    assert tuple(map(int, second.split("-"))) > tuple(map(int, first.split("-")))
    assert state["status"] == "running"
    httpx.delete(url)
    assert [state["status"] for _, state in stream][-1] == "cancelled"


@pytest.mark.parametrize("seen", ["x", "1-1-1", "9" * 30, "-1", "0-0", "$", ">", "1-99999999999999999999999"])
def test_ids_that_were_never_given(live: LiveService, encode: Encode, seen: str) -> None:
    url = submit(live, encode(seed=402))
    list(events(url))
    assert [state["status"] for _, state in events(url, seen=seen)] == ["succeeded"]


def test_many_watch_without_a_thread_each(live: LiveService, encode: Encode) -> None:
    url = submit(live, encode(seed=403), **LONG)
    idle = threads(live)
    with ThreadPoolExecutor(60) as pool:
        watching = [pool.submit(list, events(url)) for _ in range(60)]
        wait_until(lambda: streams(live) == 60)
        assert threads(live) < idle + 30
        assert httpx.get(f"{live.url}/readyz").status_code == 200
        httpx.delete(url)
        assert {each.result(600)[-1][1]["status"] for each in watching} == {"cancelled"}
    wait_until(lambda: streams(live) == 0)


def test_a_stream_ends_when_its_client_leaves(live: LiveService, encode: Encode) -> None:
    url = submit(live, encode(seed=404), **LONG)
    stream = events(url)
    next(stream)
    assert streams(live) == 1
    stream.close()
    wait_until(lambda: streams(live) == 0)
    httpx.delete(url)


def test_a_set_is_watched(live: LiveService, encode: Encode) -> None:
    archive = zipped({"labels.csv": table("a.jpg,positive"), "a.jpg": encode(seed=405)})
    response = httpx.post(f"{live.url}/v1/evaluation-sets", files={"archive": archive}, data=QUICK)
    found = [state for _, state in events(live.url + response.headers["location"])]
    assert found[-1]["status"] == "succeeded"
    assert found[-1]["result"]["tables"]


def test_watching_goes_on_through_a_restart_of_redis(
    start_live: Callable[..., LiveService], checkpoint_folder: Path, own_redis: RedisServer, encode: Encode
) -> None:
    service = start_live(checkpoint_folder, default_model="tiny", redis_url=own_redis.url)
    url = submit(service, encode())
    stream = events(url)
    assert next(stream)[1]["status"] == "queued"
    own_redis.kill()
    wait_until(lambda: httpx.get(f"{service.url}/readyz").json()["checks"]["redis"] == "away")
    own_redis.start()
    wait_until(lambda: httpx.delete(url).status_code == 200)
    assert [state["status"] for _, state in stream][-1] == "cancelled"


def test_the_end_of_the_process_ends_streams(
    start_live: Callable[..., LiveService], checkpoint_folder: Path, redis_url: str, encode: Encode
) -> None:
    service = start_live(checkpoint_folder, default_model="tiny", redis_url=redis_url, grace_s=600)
    stream = events(submit(service, encode()))
    next(stream)
    service.process.send_signal(signal.SIGTERM)
    assert list(stream) == []
    assert service.process.wait(600) == 0  # and not after the whole grace

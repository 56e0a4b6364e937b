from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from service.http.access import Access
from service.lifecycle import Lifecycle
from service.metrics.collectors import Metrics


async def unused() -> Message:
    raise AssertionError


async def ignore(message: Message) -> None:
    del message


@pytest.mark.parametrize(("begun", "status"), [(False, "499"), (True, "200")])
def test_a_cancelled_request_is_counted(begun: bool, status: str) -> None:
    async def stuck(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        if begun:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.Event().wait()

    metrics, lifecycle = Metrics(rejection_reasons=[]), Lifecycle()
    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}

    async def cancel() -> None:
        task = asyncio.ensure_future(Access(stuck, metrics=metrics, lifecycle=lifecycle)(scope, unused, ignore))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    labels = {"method": "GET", "route": "other", "status": status}
    assert metrics.registry.get_sample_value("labn_http_requests_total", labels) == 1
    assert lifecycle.in_flight == 0


@pytest.mark.parametrize(
    ("media_type", "durations"), [(b"text/event-stream; charset=utf-8", None), (b"image/png", 1)]
)
def test_how_long_somebody_watched_is_no_latency(media_type: bytes, durations: float | None) -> None:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        headers = [(b"content-type", media_type)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    metrics = Metrics(rejection_reasons=[])
    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    asyncio.run(Access(answer, metrics=metrics, lifecycle=Lifecycle())(scope, unused, ignore))
    labels = {"method": "GET", "route": "other", "status": "200"}
    assert metrics.registry.get_sample_value("labn_http_requests_total", labels) == 1
    assert metrics.registry.get_sample_value("labn_http_request_duration_seconds_count", labels) == durations

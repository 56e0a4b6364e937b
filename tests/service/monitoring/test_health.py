from __future__ import annotations

from collections.abc import Callable

import pytest
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI

from service.lifecycle import Phase
from tests.conftest import Encode
from tests.service.api import Client, running


def test_not_ready_before_the_warm_up(make_app: Callable[..., FastAPI], encode: Encode) -> None:
    app = make_app()  # not started: as it is until the warm-up ends
    with start_blocking_portal() as portal:
        client = Client(app, portal)
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "starting")
        assert ready.json()["checks"]["inference"] == "warming up"
        assert int(ready.headers["retry-after"]) >= 1
        refused = client.predict(encode())
        assert refused.status_code == 503
        assert refused.json()["type"] == "urn:labn:problem:not-ready"
        assert int(refused.headers["retry-after"]) >= 1


def test_ready_after_the_warm_up(client: Client) -> None:
    ready = client.get("/readyz").json()
    assert ready["status"] == "ready"
    assert "retry-after" not in client.get("/readyz").headers
    assert "tiny@" in ready["checks"]["models"]
    assert ready["checks"]["inference"] == "running"
    assert ready["checks"]["queue"] == "0 of 64 slots taken"
    assert client.get("/healthz").json() == {"status": "ok"}


def test_not_ready_while_draining(client: Client, encode: Encode) -> None:
    client.app.state.lifecycle.phase = Phase.DRAINING
    assert client.get("/readyz").json()["status"] == "draining"
    assert client.predict(encode()).status_code == 503
    assert client.get("/healthz").status_code == 200


def test_a_dead_inference_thread_is_unhealthy(client: Client) -> None:
    client.app.state.pipeline.inference.stop()
    assert client.get("/healthz").status_code == 503


def test_an_unexpected_error_is_a_problem_without_a_trace(
    make_app: Callable[..., FastAPI], caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app()

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("secret")

    with running(app) as client:
        response = client.get("/broken")
        assert response.status_code == 500
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["request_id"] == response.headers["x-request-id"]
        assert "secret" not in response.text
        assert "secret" in caplog.text
        assert client.get("/healthz").status_code == 200

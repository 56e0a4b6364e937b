"""Asks an application without a network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI

from tests.service.live import wait_until


class Client:
    """An application and its event loop, asked without a network."""

    def __init__(self, app: FastAPI, portal: BlockingPortal) -> None:
        self.app = app
        self._portal = portal
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://labn")

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._portal.call(partial(self._client.request, method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def predict(self, image: bytes, **options: Any) -> httpx.Response:
        headers = {"Content-Type": "image/jpeg", **options.pop("headers", {})}
        return self.request("POST", "/v1/predictions", content=image, headers=headers, **options)

    def metric(self, name: str, /, **labels: str) -> float:
        return self.app.state.parts.metrics.registry.get_sample_value(name, labels) or 0.0


@contextmanager
def running(app: FastAPI) -> Iterator[Client]:
    with ExitStack() as stack:
        portal = stack.enter_context(start_blocking_portal())
        stack.enter_context(portal.wrap_async_context_manager(app.router.lifespan_context(app)))
        client = Client(app, portal)
        wait_until(lambda: client.get("/readyz").status_code == 200)
        yield client

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

QUICK = {"methods": "attention", "patch_sizes": "16"}


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

    def submit(self, image: bytes, *, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
        """Ask for an evaluation, a quick one unless the fields say otherwise."""
        files = {"image": image} | ({"mask": fields.pop("mask")} if "mask" in fields else {})
        return self.request("POST", "/v1/evaluations", files=files, data=QUICK | fields, headers=headers)

    def submit_set(self, archive: bytes, **fields: Any) -> httpx.Response:
        return self.request(
            "POST", "/v1/evaluation-sets", files={"archive": ("set.zip", archive)}, data=QUICK | fields
        )

    def wait(self, location: str) -> dict[str, Any]:
        """Wait until a job has ended, and return its state."""
        wait_until(lambda: self.get(location).json()["ended_at"] is not None)
        state: dict[str, Any] = self.get(location).json()
        return state

    def metric(self, name: str, /, **labels: str) -> float:
        return self.app.state.metrics.registry.get_sample_value(name, labels) or 0.0


@contextmanager
def running(app: FastAPI) -> Iterator[Client]:
    with ExitStack() as stack:
        portal = stack.enter_context(start_blocking_portal())
        stack.enter_context(portal.wrap_async_context_manager(app.router.lifespan_context(app)))
        client = Client(app, portal)
        wait_until(lambda: client.get("/readyz").status_code == 200)
        yield client

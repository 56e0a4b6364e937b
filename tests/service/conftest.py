from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI

from service.app import create_app
from service.lifecycle import Lifecycle
from service.registry import ModelRegistry, load_registry
from service.settings import Settings

ROOT = Path(__file__).parents[2]
WAIT_S = 60.0


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


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

    def metric(self, name: str, **labels: str) -> float:
        return self.app.state.parts.metrics.registry.get_sample_value(name, labels) or 0.0


@contextmanager
def running(app: FastAPI) -> Iterator[Client]:
    with ExitStack() as stack:
        portal = stack.enter_context(start_blocking_portal())
        stack.enter_context(portal.wrap_async_context_manager(app.router.lifespan_context(app)))
        client = Client(app, portal)
        wait_until(lambda: client.get("/readyz").status_code == 200)
        yield client


@pytest.fixture(scope="session")
def registry(save_tiny: Callable[..., Path]) -> ModelRegistry:
    """tiny, the default one, and other, of three classes, in two versions."""
    folder = save_tiny("tiny").parent
    save_tiny("other", seed=2, folder=folder, labels=("a", "b", "c"))
    save_tiny("other@old", seed=3, folder=folder, labels=("a", "b", "c"))
    return load_registry([folder], default="tiny", device="cpu")


@pytest.fixture
def make_app(registry: ModelRegistry) -> Callable[..., FastAPI]:
    def make(**settings: Any) -> FastAPI:
        return create_app(Settings(threads=1, **settings), registry, Lifecycle())

    return make


@pytest.fixture
def client(make_app: Callable[..., FastAPI]) -> Iterator[Client]:
    with running(make_app(max_body_bytes=200_000, max_pixels=1_000_000)) as client:
        yield client


class LiveService:
    """`python -m service` in a process of its own, on a free port."""

    def __init__(self, checkpoints: Path, **settings: object) -> None:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("LABN_")}
        own = {"port": 0, "checkpoints": checkpoints, "threads": 1, **settings}
        environment |= {f"LABN_{key.upper()}": str(value) for key, value in own.items()}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "service"],
            cwd=ROOT,
            env=environment | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.url = self.process.stdout.readline().split()[0]
        self.port = int(self.url.rpartition(":")[2])
        wait_until(self.ready)

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def places_taken(self) -> int:
        queue: str = httpx.get(f"{self.url}/readyz").json()["checks"]["queue"]
        return int(queue.split()[0])

    def metric(self, line_start: str) -> float:
        lines = httpx.get(f"{self.url}/metrics").text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(line_start))

    def stop(self) -> int:
        self.process.terminate()
        assert self.process.stdout
        self.process.stdout.close()
        return self.process.wait(WAIT_S)


@pytest.fixture
def start_live() -> Iterator[Callable[..., LiveService]]:
    with ExitStack() as stack:

        def start(checkpoints: Path, **settings: object) -> LiveService:
            service = LiveService(checkpoints, **settings)
            stack.callback(service.stop)
            return service

        yield start

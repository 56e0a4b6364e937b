from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from service.app import create_app
from service.lifecycle import Lifecycle
from service.models.registry import ModelRegistry, load_registry
from service.settings import Settings
from tests.redis_server import RedisServer
from tests.service.api import Client, running
from tests.service.live import LiveService
from tests.worker.live import LiveWorker

LEASE_S = 20  # a machine under test may be slow


@pytest.fixture(scope="session")
def checkpoint_folder(save_tiny: Callable[..., Path]) -> Path:
    """tiny, and other, of three classes, in two versions."""
    folder = save_tiny("tiny").parent
    save_tiny("other", seed=2, folder=folder, labels=("a", "b", "c"))
    save_tiny("other@old", seed=3, folder=folder, labels=("a", "b", "c"))
    return folder


@pytest.fixture(scope="session")
def registry(checkpoint_folder: Path) -> ModelRegistry:
    """tiny is the default one."""
    return load_registry([checkpoint_folder], default="tiny", device="cpu")


@pytest.fixture
def make_app(registry: ModelRegistry) -> Callable[..., FastAPI]:
    def make(**settings: Any) -> FastAPI:
        return create_app(Settings(threads=1, **settings), registry, Lifecycle())

    return make


@pytest.fixture
def client(make_app: Callable[..., FastAPI]) -> Iterator[Client]:
    with running(make_app(max_body_bytes=2_000_000, max_pixels=1_000_000)) as client:
        yield client


@pytest.fixture
def queue_client(make_app: Callable[..., FastAPI], redis_url: str) -> Iterator[Client]:
    """An application with an empty queue that nobody works on."""
    with running(make_app(max_body_bytes=2_000_000, max_pixels=1_000_000, redis_url=redis_url)) as client:
        yield client


@pytest.fixture(scope="session")
def working_redis(checkpoint_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A queue that a worker works on, for the whole run."""
    server = RedisServer(tmp_path_factory.mktemp("working-redis"))
    worker = LiveWorker(server.url, checkpoints=checkpoint_folder, lease_s=LEASE_S)
    worker.address()
    yield server
    worker.kill()
    server.stop()


@pytest.fixture
def working_client(make_app: Callable[..., FastAPI], working_redis: RedisServer) -> Iterator[Client]:
    """An application on that queue: what it evaluates must differ from what other tests do."""
    with running(make_app(redis_url=working_redis.url, lease_s=LEASE_S)) as client:
        yield client


@pytest.fixture
def start_live() -> Iterator[Callable[..., LiveService]]:
    with ExitStack() as stack:

        def start(checkpoints: Path, **settings: object) -> LiveService:
            service = LiveService(checkpoints, **settings)
            stack.callback(service.stop)
            return service

        yield start

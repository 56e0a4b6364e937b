from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from service.app import create_app
from service.lifecycle import Lifecycle
from service.registry import ModelRegistry, load_registry
from service.settings import Settings
from tests.service.client import Client, running
from tests.service.live import LiveService


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
    with running(make_app(max_body_bytes=2_000_000, max_pixels=1_000_000)) as client:
        yield client


@pytest.fixture
def start_live() -> Iterator[Callable[..., LiveService]]:
    with ExitStack() as stack:

        def start(checkpoints: Path, **settings: object) -> LiveService:
            service = LiveService(checkpoints, **settings)
            stack.callback(service.stop)
            return service

        yield start

"""A tiny real network, its checkpoint, images to show it, and a real Redis."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from redis import Redis

from model.checkpoint import save_checkpoint
from model.config import NetworkConfig, Preprocessing
from model.network import LambdaAbn
from tests.redis_server import RedisServer

Encode = Callable[..., bytes]


def pytest_configure() -> None:
    """Run torch on one thread, here and in the processes that tests start: pytest-xdist uses all cores."""
    torch.set_num_threads(1)
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def tiny_network(*, seed: int, side: int = 32, labels: int = 2, stem_channels: int = 8) -> LambdaAbn:
    """A LABN of two bottlenecks, with random weights."""
    config = NetworkConfig(
        channels=3, height=side, width=side, classes=labels, stem_channels=stem_channels,
        stage_widths=(8, 8), stage_depths=(1, 1), split=1, key_depth=4, receptive_field=5, branch_width=8,
        threshold=0.4,
    )  # fmt: skip
    torch.manual_seed(seed)
    network = LambdaAbn(config)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    return network.eval()


@pytest.fixture(scope="session")
def save_tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write a tiny checkpoint of that name to a folder, by default one of its own."""

    def save(
        name: str, *, seed: int = 1, side: int = 32, folder: Path | None = None, stem_channels: int = 8,
        labels: tuple[str, ...] = ("negative", "positive"), overflowing: bool = False,
    ) -> Path:  # fmt: skip
        path = (folder or tmp_path_factory.mktemp("checkpoints")) / f"{name}.safetensors"
        network = tiny_network(seed=seed, side=side, labels=len(labels), stem_channels=stem_channels)
        if overflowing:
            network.classify.weight.data.fill_(3e38)
        save_checkpoint(
            path,
            network,
            preprocessing=Preprocessing(
                mode="rgb", height=side, width=side, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25),
                crop=(0.25, 0.0, 0.75, 1.0),
            ),
            labels=labels,
            card={"data": "random weights"},
        )  # fmt: skip
        return path

    return save


@pytest.fixture(scope="session")
def tiny_checkpoint(save_tiny: Callable[..., Path]) -> Path:
    """A checkpoint of a tiny network: 32x32 input, 2 classes."""
    return save_tiny("tiny")


@pytest.fixture(scope="session")
def encode() -> Encode:
    """Encode a smooth random image of that size, the same for the same seed."""

    def encoded(
        height: int = 64,
        width: int = 96,
        *,
        seed: int = 0,
        kind: str = "JPEG",
        mode: str = "RGB",
        **options: object,
    ) -> bytes:
        cells = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        image = Image.fromarray(cells).resize((width, height), Image.Resampling.BICUBIC).convert(mode)
        file = io.BytesIO()
        image.save(file, kind, **options)
        return file.getvalue()

    return encoded


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One server for the whole run; ask for `redis` or `redis_url`, which empty it first."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture
def redis(shared_redis: RedisServer) -> Iterator[Redis]:
    """Connect to an empty Redis."""
    with shared_redis.client() as client:
        client.flushall()
        yield client


@pytest.fixture
def redis_url(shared_redis: RedisServer, redis: Redis) -> str:  # noqa: ARG001  (which empties it)
    """Return the address of an empty Redis, for processes."""
    return shared_redis.url


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """Start a Redis that the test may kill and start again."""
    server = RedisServer(tmp_path / "redis")
    yield server
    server.stop()

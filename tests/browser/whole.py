"""Redis, service and worker, for pages that need all of them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.redis_server import RedisServer
from tests.service.live import LiveService
from tests.worker.live import LiveWorker


@dataclass
class Whole:
    """All three processes."""

    redis: RedisServer
    service: LiveService
    checkpoint: Path
    worker: LiveWorker

    def restart_worker(self) -> None:
        self.worker = LiveWorker(self.redis.url, checkpoints=self.checkpoint)


def start_whole(stack: ExitStack, folder: Path, checkpoint: Path, **settings: object) -> Whole:
    redis = RedisServer(folder / "redis")
    stack.callback(redis.stop)
    service = LiveService(checkpoint, redis_url=redis.url, lease_s=2, **settings)
    stack.callback(service.stop)
    whole = Whole(redis, service, checkpoint, LiveWorker(redis.url, checkpoints=checkpoint))
    stack.callback(lambda: whole.worker.kill())
    return whole

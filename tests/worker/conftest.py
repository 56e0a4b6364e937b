"""Queues on a real Redis; workers in this process and in their own."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.worker.live import LiveWorker, queue_at
from worker.loop.heartbeat import Heartbeat
from worker.loop.worker import ResidentWorker
from worker.metrics import WorkerMetrics
from worker.queue.job_queue import JobQueue
from worker.settings import WorkerSettings
from worker.work.context import JobContext
from worker.work.networks import ResidentNetworks

WorkOff = Callable[..., ResidentWorker]
StartWorker = Callable[..., LiveWorker]


@pytest.fixture
def queue(redis_url: str) -> Iterator[JobQueue]:
    """A queue on an empty Redis."""
    queue = queue_at(redis_url)
    yield queue
    queue.store.redis.close()


@pytest.fixture
def work_off(tiny_checkpoint: Path) -> Iterator[WorkOff]:
    """Returns a function that runs all waiting jobs with a worker in this process."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def work(queue: JobQueue, **settings: Any) -> ResidentWorker:
        own = WorkerSettings(**({"checkpoints": (tiny_checkpoint,)} | queue.store.settings.model_dump() | settings))
        context = JobContext(
            networks=ResidentNetworks(own.checkpoints, device="cpu"),
            blobs=queue.store.blobs, results=queue.store.results, tables=queue.tables, max_pixels=own.max_pixels,
        )  # fmt: skip
        worker = ResidentWorker(queue, context, own, WorkerMetrics(device="cpu"), Heartbeat())
        worker.run(burst=True)
        return worker

    yield work
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def start_worker(tiny_checkpoint: Path) -> Iterator[StartWorker]:
    """Returns a function that starts `python -m worker`; the process is killed at the end of the test."""
    with ExitStack() as stack:

        def start(redis_url: str, **settings: object) -> LiveWorker:
            worker = LiveWorker(redis_url, **({"checkpoints": tiny_checkpoint} | settings))
            stack.callback(worker.kill)
            return worker

        yield start

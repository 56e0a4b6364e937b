"""A worker keeps its job while it works, however long a batch takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rq.job import Job

from tests.worker.conftest import WorkOff
from tests.worker.requests import ask, uploads
from worker.loop.renewal import Renewal
from worker.queue.job_queue import JobQueue

BATCH_S = 4.0  # twice the lease; RQ truncates times to whole seconds


def status_behind_a_long_batch(queue: JobQueue, work_off: WorkOff, checkpoint: Path, image: bytes) -> str:
    """Begin a job, work on one batch for longer than a lease, and return the job's status."""
    payload, lane = ask(checkpoint, image), queue.store.lanes["evaluations"]
    queue.evaluations.submit(payload, uploads(image))
    job_id = queue.store.redis.lpop(lane.key)
    worker = work_off(queue, lease_s=2)
    assert job_id
    job = Job.fetch(payload.id, connection=queue.store.redis, serializer=lane.serializer)
    lease = worker.prepare_run(job, lane, worker.prepare_execution(job)).lease
    assert worker.begin(job)
    renewal = Renewal(worker.settings.lease_s, worker.liveness)
    with renewal.running(), renewal.of(lease):
        time.sleep(BATCH_S)
        queue.maintenance.run()
        return queue.evaluations.state(payload.id).status


def test_a_batch_that_outlasts_the_lease_keeps_the_job(
    queue: JobQueue, work_off: WorkOff, tiny_checkpoint: Path, encode: Callable[..., bytes]
) -> None:
    assert status_behind_a_long_batch(queue, work_off, tiny_checkpoint, encode()) == "running"


def test_a_worker_that_hangs_loses_the_job(
    queue: JobQueue, work_off: WorkOff, tiny_checkpoint: Path, encode: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("worker.loop.renewal.SILENT_S", 0.0)
    assert status_behind_a_long_batch(queue, work_off, tiny_checkpoint, encode()) == "queued"

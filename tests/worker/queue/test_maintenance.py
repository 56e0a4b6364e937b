"""Maintenance recovers lost jobs, whether one process runs it or several at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from rq.job import Job
from rq.registry import StartedJobRegistry

from tests.worker.conftest import WorkOff
from tests.worker.live import LEASE_S, queue_at
from tests.worker.requests import ask, uploads
from worker.queue.contracts.evaluation import EvaluationPayload
from worker.queue.contracts.sets import SetItem, SetPayload
from worker.queue.contracts.state import Progress
from worker.queue.job_queue import JobQueue
from worker.queue.store import names


@pytest.fixture
def payload(queue: JobQueue, tiny_checkpoint: Path, encode: Callable[..., bytes]) -> EvaluationPayload:
    """A waiting job."""
    image = encode()
    payload = ask(tiny_checkpoint, image)
    queue.evaluations.submit(payload, uploads(image))
    return payload


def take(queue: JobQueue, work_off: WorkOff, *, lease_s: int) -> str:
    """Begin the next job as a worker that then vanishes; return the execution."""
    job_id = queue.store.redis.lpop(queue.store.lanes["evaluations"].key)
    assert job_id
    worker = work_off(queue, lease_s=lease_s)
    job = Job.fetch(
        job_id.decode(), connection=queue.store.redis, serializer=queue.store.lanes["evaluations"].serializer
    )
    execution = worker.prepare_execution(job)
    assert worker.begin(job)
    key = StartedJobRegistry(queue=queue.store.lanes["evaluations"]).key
    if lease_s == 1:
        queue.store.redis.zadd(key, {execution.composite_key: time.time() - 1})
    return execution.composite_key


def tell(queue: JobQueue, job_id: str) -> None:
    """Store progress, as a worker does."""
    progress = Progress(stage="rise", done=5, total=10, eta_s=30.0)
    with queue.store.redis.pipeline() as pipe:
        queue.store.records.progress(pipe, job_id, progress)
        pipe.execute()


def test_a_job_of_a_vanished_worker_is_tried_again(
    queue: JobQueue, payload: EvaluationPayload, work_off: WorkOff
) -> None:
    take(queue, work_off, lease_s=1)
    assert queue.evaluations.state(payload.id).status == "running"
    queue.maintenance.run()
    assert queue.evaluations.state(payload.id).status == "queued"
    assert queue.monitor.depths()["evaluations"] == 1
    work_off(queue)
    assert queue.evaluations.state(payload.id).status == "succeeded"


def test_a_job_that_waits_again_is_as_far_as_one_that_waits(
    queue: JobQueue, payload: EvaluationPayload, work_off: WorkOff
) -> None:
    waiting = queue.evaluations.state(payload.id).progress
    take(queue, work_off, lease_s=1)
    tell(queue, payload.id)
    assert queue.evaluations.state(payload.id).progress.eta_s == 30.0
    queue.maintenance.run()
    assert queue.evaluations.state(payload.id).progress == waiting


def test_a_job_that_came_to_nothing_has_no_time_left(
    queue: JobQueue, payload: EvaluationPayload, work_off: WorkOff
) -> None:
    take(queue, work_off, lease_s=60)
    tell(queue, payload.id)
    progress = queue.evaluations.cancel(payload.id).progress
    assert (progress.done, progress.eta_s) == (5, None)


def test_as_often_as_is_allowed_and_then_it_has_failed(
    queue: JobQueue, payload: EvaluationPayload, work_off: WorkOff
) -> None:
    for _ in range(queue.store.settings.retries):
        take(queue, work_off, lease_s=1)
        queue.maintenance.run()
        assert queue.evaluations.state(payload.id).status == "queued"
    take(queue, work_off, lease_s=1)
    queue.maintenance.run()
    state = queue.evaluations.state(payload.id)
    assert (state.status, state.error and state.error.type) == ("failed", "worker_lost")
    assert queue.monitor.abandoned() == 1
    assert state.ended_at is not None
    assert queue.store.redis.smembers(names.UNFINISHED) == set()


def test_a_job_whose_worker_lives_is_left_alone(
    queue: JobQueue, payload: EvaluationPayload, work_off: WorkOff
) -> None:
    take(queue, work_off, lease_s=60)
    queue.maintenance.run()
    assert queue.evaluations.state(payload.id).status == "running"


def test_many_rounds_at_once_try_a_job_again_once(
    queue: JobQueue, payload: EvaluationPayload, work_off: WorkOff
) -> None:
    take(queue, work_off, lease_s=1)
    clients, start = [queue_at(queue.store.settings.redis_url.get_secret_value()) for _ in range(8)], Barrier(8)

    def run(client: JobQueue) -> None:
        start.wait()
        client.maintenance.run()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, clients))
    assert queue.monitor.depths()["evaluations"] == 1
    left = Job.fetch(payload.id, connection=queue.store.redis).retries_left
    assert left == queue.store.settings.retries - 1
    for client in clients:
        client.store.redis.close()


def test_a_cancelled_job_of_a_vanished_worker_stays_cancelled(
    queue: JobQueue, payload: EvaluationPayload, work_off: WorkOff
) -> None:
    execution = take(queue, work_off, lease_s=1)
    queue.evaluations.cancel(payload.id)
    queue.maintenance.run()
    assert queue.evaluations.state(payload.id).status == "cancelled"
    assert queue.monitor.depths()["evaluations"] == 0
    assert queue.store.redis.zscore("rq:wip:labn-evaluations", execution) is None


def test_a_job_that_was_taken_and_not_begun_is_found(
    queue: JobQueue, payload: EvaluationPayload, work_off: WorkOff
) -> None:
    queue.store.redis.lpop(queue.store.lanes["evaluations"].key)  # by a worker that is killed now
    queue.maintenance.run()
    assert queue.monitor.depths()["evaluations"] == 0  # a worker may just be taking it
    queue.store.redis.hset(names.MISSING, payload.id, str(time.time() - LEASE_S - 1))
    queue.maintenance.run()
    assert queue.monitor.depths()["evaluations"] == 1
    assert queue.store.redis.hlen(names.MISSING) == 0
    work_off(queue)
    assert queue.evaluations.state(payload.id).status == "succeeded"


def test_a_set_whose_last_worker_vanished_before_its_tables_gets_them(
    queue: JobQueue, payload: EvaluationPayload, work_off: WorkOff, encode: Callable[..., bytes]
) -> None:
    item = SetItem(file="a.jpg", image_sha256=payload.image_sha256)
    whole = SetPayload(model=payload.model, parameters=payload.parameters, items=(item,))
    queue.sets.submit(whole, uploads(encode()))
    queue.store.redis.delete(names.owners(payload.id))  # so that its end does not reach the set
    work_off(queue)
    queue.store.redis.sadd(names.owners(payload.id), whole.id)
    assert queue.sets.state(whole.id).status == "running"
    queue.maintenance.run()
    work_off(queue)
    assert queue.sets.state(whole.id).status == "succeeded"


@pytest.mark.parametrize("is_taken", [False, True])
def test_what_waits_or_runs_keeps_its_upload(
    queue: JobQueue, payload: EvaluationPayload, work_off: WorkOff, *, is_taken: bool
) -> None:
    if is_taken:
        take(queue, work_off, lease_s=60)
    stored = [
        names.blob(payload.image_sha256), names.blob_users(payload.image_sha256),
        names.job(payload.id), names.events(payload.id), names.owners(payload.id),
    ]  # fmt: skip
    for name in stored:
        queue.store.redis.expire(name, 60)
    queue.store.redis.delete(names.RETAINED)
    queue.maintenance.run()
    assert all(queue.store.redis.ttl(name) > queue.store.settings.upload_ttl_s - 60 for name in stored)


def test_an_upload_whose_job_has_ended_is_let_go(
    queue: JobQueue, payload: EvaluationPayload, work_off: WorkOff
) -> None:
    work_off(queue)
    queue.store.redis.expire(names.blob(payload.image_sha256), 60)
    queue.store.redis.delete(names.RETAINED)
    queue.maintenance.run()
    assert queue.store.redis.ttl(names.blob(payload.image_sha256)) <= 60


def test_uploads_are_not_kept_up_each_round(queue: JobQueue, payload: EvaluationPayload) -> None:
    queue.maintenance.run()
    queue.store.redis.expire(names.blob(payload.image_sha256), 60)
    queue.maintenance.run()
    assert queue.store.redis.ttl(names.blob(payload.image_sha256)) <= 60


def test_a_set_is_kept_while_it_is_unfinished(
    queue: JobQueue, payload: EvaluationPayload, encode: Callable[..., bytes]
) -> None:
    item = SetItem(file="a.jpg", image_sha256=payload.image_sha256)
    whole = SetPayload(model=payload.model, parameters=payload.parameters, items=(item,))
    queue.sets.submit(whole, uploads(encode()))
    stored = [names.job(whole.id), names.events(whole.id), names.items(whole.id), names.owners(payload.id)]
    for name in stored:
        queue.store.redis.expire(name, 60)
    queue.maintenance.run()
    assert all(queue.store.redis.ttl(name) > queue.store.settings.result_ttl_s - 60 for name in stored)


def test_entries_whose_time_is_over_are_forgotten(queue: JobQueue, payload: EvaluationPayload) -> None:
    queue.store.redis.delete(names.job(payload.id))
    queue.maintenance.run()
    assert queue.store.redis.zcard(names.LISTED) == 0


def test_is_not_done_all_the_time(
    redis_url: str, queue: JobQueue, payload: EvaluationPayload, work_off: WorkOff
) -> None:
    patient = queue_at(redis_url, lease_s=6000)  # a sixth of which is longer than this test
    patient.maintenance.run_if_due()
    take(queue, work_off, lease_s=1)
    patient.maintenance.run_if_due()
    assert queue.evaluations.state(payload.id).status == "running"
    assert 0 < queue.store.redis.pttl(names.MAINTAINED) <= 1_000_000
    queue.store.redis.delete(names.MAINTAINED)
    patient.maintenance.run_if_due()
    assert queue.evaluations.state(payload.id).status == "queued"
    patient.store.redis.close()

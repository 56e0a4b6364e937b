"""Faults: worker processes are killed, run out of memory, and get invalid jobs, on a real Redis."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.redis_server import RedisServer
from tests.worker.conftest import StartWorker, WorkOff
from tests.worker.live import HANG_S, LiveWorker, queue_at, wait_for, wait_until_ended
from tests.worker.requests import SLOW, ask, uploads
from worker.queue.contracts.evaluation import EvaluationPayload
from worker.queue.job_queue import JobQueue
from worker.queue.store import names
from worker.queue.store.blobs import sha256

pytestmark = pytest.mark.faults
SOME_SECONDS: dict[str, Any] = {"methods": ("rise",), "patch_sizes": (16,), "rise_masks": 8000}


def is_begun(queue: JobQueue, payload: EvaluationPayload) -> bool:
    return queue.evaluations.state(payload.id, with_result=False).progress.done > 0


class TestKilledWorker:
    def test_another_worker_finishes_its_job(
        self, redis_url: str, queue: JobQueue, start_worker: StartWorker, tiny_checkpoint: Path,
        encode: Callable[..., bytes],
    ) -> None:  # fmt: skip
        image = encode()
        payload = ask(tiny_checkpoint, image, **SOME_SECONDS)
        first = start_worker(redis_url)
        first.address()
        queue.evaluations.submit(payload, uploads(image))
        wait_for(lambda: is_begun(queue, payload))
        start_worker(redis_url).address()
        first.kill()
        assert wait_until_ended(queue, payload.id).status == "succeeded"

    def test_the_only_worker_comes_back(
        self, redis_url: str, queue: JobQueue, start_worker: StartWorker, tiny_checkpoint: Path,
        encode: Callable[..., bytes],
    ) -> None:  # fmt: skip
        image = encode()
        payload = ask(tiny_checkpoint, image, **SOME_SECONDS)
        queue.evaluations.submit(payload, uploads(image))
        worker = start_worker(redis_url)
        wait_for(lambda: is_begun(queue, payload))
        worker.kill()
        start_worker(redis_url)
        assert wait_until_ended(queue, payload.id).status == "succeeded"

    def test_no_worker_comes_back(
        self, redis_url: str, start_worker: StartWorker, tiny_checkpoint: Path, encode: Callable[..., bytes]
    ) -> None:
        """Maintenance by the service's background thread suffices to end it."""
        queue, image = queue_at(redis_url, retries=0), encode()
        payload = ask(tiny_checkpoint, image, **SLOW)
        queue.evaluations.submit(payload, uploads(image))
        worker = start_worker(redis_url)
        wait_for(lambda: is_begun(queue, payload))
        worker.kill()
        state = wait_until_ended(queue, payload.id, maintained=True)
        assert (state.status, state.error and state.error.type) == ("failed", "worker_lost")
        wait_for(lambda: queue.monitor.workers() == [])
        queue.store.redis.close()


class TestKilledRedis:
    def test_loses_nothing_that_was_accepted(
        self, own_redis: RedisServer, start_worker: StartWorker, tiny_checkpoint: Path, encode: Callable[..., bytes]
    ) -> None:
        queue, images = queue_at(own_redis.url), [encode(seed=seed) for seed in range(4)]
        running = ask(tiny_checkpoint, images[0], **SOME_SECONDS)
        others = [ask(tiny_checkpoint, image) for image in images[1:]]
        for payload in (running, *others):
            queue.evaluations.submit(payload, uploads(*images))
        worker = start_worker(own_redis.url)
        wait_for(lambda: is_begun(queue, running))
        own_redis.kill()
        time.sleep(1.0)
        own_redis.start()
        for payload in (running, *others):
            assert wait_until_ended(queue, payload.id, maintained=True).status == "succeeded"
        assert worker.process.poll() is None  # it waited for Redis to come back
        queue.store.redis.close()

    def test_a_worker_ends_when_it_stays_away(self, own_redis: RedisServer, start_worker: StartWorker) -> None:
        """A supervisor starts it again."""
        worker = start_worker(own_redis.url)
        worker.address()
        own_redis.kill()
        assert worker.process.wait(HANG_S) == 1
        own_redis.start()


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
class TestNoMemory:
    def test_batches_halve_or_the_job_fails_with_a_reason(
        self, redis_url: str, queue: JobQueue, start_worker: StartWorker, encode: Callable[..., bytes],
        save_tiny: Callable[..., Path],
    ) -> None:  # fmt: skip
        checkpoint = save_tiny("wide", side=224, stem_channels=64)  # 10 MB per image
        image = encode()
        narrow = ask(checkpoint, image, patch_sizes=(224,))  # an image or two at a time
        small, large = (
            ask(checkpoint, image, methods=("rise",), patch_sizes=(224,), rise_masks=32, seed=seed)
            for seed in (1, 2)
        )
        worker = start_worker(redis_url, checkpoints=checkpoint)
        wait_for(queue.monitor.workers)
        limit_memory(worker, beyond_mib=19)
        state = self.ended(queue, narrow, image)
        assert (state.status, state.error and state.error.type) == ("failed", "out_of_memory")
        limit_memory(worker, beyond_mib=None)
        assert self.ended(queue, narrow, image).status == "succeeded"
        limit_memory(worker, beyond_mib=100)
        assert self.ended(queue, small, image).status == "succeeded"
        starved = size_mib(worker)
        limit_memory(worker, beyond_mib=None)
        assert self.ended(queue, large, image).status == "succeeded"
        assert size_mib(worker) > starved + 20  # more than the other could get

    def test_a_worker_in_which_onednn_fails_ends_and_the_next_one_does_its_job(
        self, redis_url: str, queue: JobQueue, start_worker: StartWorker, tiny_checkpoint: Path,
        encode: Callable[..., bytes],
    ) -> None:  # fmt: skip
        """Tensors are small beside the code that oneDNN generates for them; there the memory runs out."""
        image = encode()
        payload, worker = ask(tiny_checkpoint, image), start_worker(redis_url)
        wait_for(queue.monitor.workers)
        beyond_mib = 0.0
        while worker.process.poll() is None:
            limit_memory(worker, beyond_mib=(beyond_mib := beyond_mib + 0.25))
            queue.evaluations.submit(payload, uploads(image))
            wait_for(lambda: worker.process.poll() is not None or queue.evaluations.state(payload.id).is_ended)
            assert queue.evaluations.state(payload.id).status != "succeeded", "it had memory enough"
        assert worker.process.returncode == 1
        assert worker.process.stderr
        assert "could not create a primitive" in worker.process.stderr.read()
        assert queue.evaluations.state(payload.id).status in ("queued", "failed")
        start_worker(redis_url)
        queue.evaluations.submit(payload, uploads(image))
        assert wait_until_ended(queue, payload.id).status == "succeeded"

    def ended(self, queue: JobQueue, payload: EvaluationPayload, image: bytes) -> Any:
        queue.evaluations.submit(payload, uploads(image))
        return wait_until_ended(queue, payload.id)


def test_poison_and_uploads_that_are_gone_leave_a_worker_working(
    redis_url: str, queue: JobQueue, start_worker: StartWorker, tiny_checkpoint: Path, encode: Callable[..., bytes]
) -> None:
    images = [encode(seed=seed) for seed in range(2)]
    expired, good = (ask(tiny_checkpoint, image) for image in images)
    lane = queue.store.lanes["evaluations"]
    poison = [
        lane.enqueue_call("os.system", args=("exit 1",)),
        lane.enqueue_call("worker.jobs.evaluate", args=({},)),
    ]
    queue.store.redis.hset(poison[1].key, "data", b"\x80\x04}.")
    for payload in (expired, good):
        queue.evaluations.submit(payload, uploads(*images))
    queue.store.redis.delete(names.blob(expired.image_sha256))
    worker = start_worker(redis_url)
    assert wait_until_ended(queue, good.id).status == "succeeded"
    assert [job.get_status() for job in poison] == ["failed", "failed"]
    state = queue.evaluations.state(expired.id)
    assert (state.status, state.error and state.error.type) == ("failed", "upload_missing")
    assert worker.process.poll() is None


def test_many_clients_and_workers_that_are_killed_over_and_over(
    redis_url: str, queue: JobQueue, start_worker: StartWorker, work_off: WorkOff, tiny_checkpoint: Path,
    encode: Callable[..., bytes],
) -> None:  # fmt: skip
    """200 jobs of 8 clients on 2 workers, one of which is killed every 10 s: each ends with exactly one result."""
    images = [encode(seed=seed) for seed in range(8)]
    workers = [start_worker(redis_url), start_worker(redis_url)]
    for worker in workers:
        worker.address()

    def asked(image: bytes) -> list[EvaluationPayload]:
        return [ask(tiny_checkpoint, image, methods=("random",), patch_sizes=(2,), seed=seed) for seed in range(25)]

    def submit(image: bytes) -> list[str]:
        client = queue_at(redis_url)
        ids = [client.evaluations.submit(payload, uploads(image)).id for payload in asked(image)]
        client.store.redis.close()
        return ids

    with ThreadPoolExecutor(8) as pool:
        ids = [job_id for accepted in pool.map(submit, images) for job_id in accepted]
    assert len(set(ids)) == 200
    results: dict[str, str] = {}
    kills, killed = 0, time.monotonic()
    while len(results) < 200:
        for job_id in set(ids) - set(results):
            state = queue.evaluations.state(job_id, with_result=False)
            assert state.status not in ("failed", "cancelled"), state.error
            if state.status == "succeeded":
                results[job_id] = fingerprint(queue, job_id)
        is_time = time.monotonic() - killed > 10 or len(results) > 60 * (kills + 1)  # sooner on a fast machine
        if is_time and is_at_work(queue, workers[1 - kills % 2]):
            workers[kills % 2].kill()
            workers[kills % 2] = start_worker(redis_url)
            kills, killed = kills + 1, time.monotonic()
        time.sleep(0.2)
    assert kills > 0
    assert {job_id: fingerprint(queue, job_id) for job_id in ids} == results
    for worker in workers:
        worker.kill()
    again = asked(images[0])[0]
    queue.store.redis.flushall()
    queue.evaluations.submit(again, uploads(images[0]))
    work_off(queue)
    assert fingerprint(queue, again.id) == results[again.id]


def is_at_work(queue: JobQueue, worker: LiveWorker) -> bool:
    """Return whether a worker process has registered."""
    return any(f"-{worker.process.pid}-" in found.name for found in queue.monitor.workers())


def fingerprint(queue: JobQueue, job_id: str) -> str:
    """Return a hash of the stored result."""
    data = queue.store.redis.get(f"labn:result:{job_id}")
    assert isinstance(data, bytes)
    return sha256(data)


def limit_memory(worker: LiveWorker, *, beyond_mib: float | None) -> None:
    """Limit a process to its present address space plus some MiB; None: no limit."""
    soft = resource.RLIM_INFINITY if beyond_mib is None else int((size_mib(worker) + beyond_mib) * (1 << 20))
    resource.prlimit(worker.process.pid, resource.RLIMIT_AS, (soft, resource.RLIM_INFINITY))


def size_mib(worker: LiveWorker) -> float:
    """Return the address space (MiB) of a process; its heap never shrinks."""
    pages = int(Path(f"/proc/{worker.process.pid}/statm").read_text().split()[0])
    return pages * resource.getpagesize() / (1 << 20)

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from redis.exceptions import ConnectionError as RedisGone

from tests.worker.conftest import WorkOff
from tests.worker.live import queue_at
from tests.worker.requests import ask, uploads
from worker.queue.contracts.evaluation import EvaluationPayload
from worker.queue.errors import KeyReused, QueueFull, UnknownJob, UploadMissing
from worker.queue.job_queue import JobQueue
from worker.queue.settings import QueueSettings
from worker.queue.store import names
from worker.queue.store.blobs import sha256
from worker.queue.store.connection import connect

Ask = Callable[..., EvaluationPayload]


@pytest.fixture
def image(encode: Callable[..., bytes]) -> bytes:
    return encode()


@pytest.fixture
def payload(tiny_checkpoint: Path, image: bytes) -> EvaluationPayload:
    return ask(tiny_checkpoint, image)


class TestSubmit:
    def test_a_job_waits_with_its_upload(self, queue: JobQueue, payload: EvaluationPayload, image: bytes) -> None:
        state = queue.evaluations.submit(payload, uploads(image))
        assert (state.id, state.status, state.request) == (payload.id, "queued", payload)
        assert (state.result, state.error, state.started_at, state.ended_at) == (None, None, None, None)
        assert queue.evaluations.state(payload.id) == state
        assert queue.store.blobs.get(payload.image_sha256) == image
        assert queue.monitor.depths() == {"evaluations": 1, "sets": 0}

    def test_the_same_again_is_the_same_job(
        self, queue: JobQueue, payload: EvaluationPayload, image: bytes, work_off: WorkOff
    ) -> None:
        assert queue.evaluations.submit(payload, uploads(image)) == queue.evaluations.submit(payload, {})
        assert queue.monitor.depths()["evaluations"] == 1
        work_off(queue)
        done = queue.evaluations.submit(payload, {})
        assert done.status == "succeeded"
        assert done.result == queue.evaluations.state(payload.id).result is not None
        assert queue.monitor.depths()["evaluations"] == 0

    def test_many_at_once_are_one_job(self, queue: JobQueue, payload: EvaluationPayload, image: bytes) -> None:
        clients, start = [queue_at(queue.store.settings.redis_url.get_secret_value()) for _ in range(8)], Barrier(8)

        def submit(client: JobQueue) -> str:
            start.wait()
            return client.evaluations.submit(payload, uploads(image)).id

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(submit, clients)) == {payload.id}
        assert queue.monitor.depths()["evaluations"] == 1
        for client in clients:
            client.store.redis.close()

    def test_a_result_that_is_over_is_computed_again(
        self, queue: JobQueue, payload: EvaluationPayload, image: bytes, work_off: WorkOff
    ) -> None:
        queue.evaluations.submit(payload, uploads(image))
        work_off(queue)
        first = queue.evaluations.state(payload.id).result
        queue.store.redis.delete(names.result(payload.id))
        assert queue.evaluations.submit(payload, {}).status == "queued"
        work_off(queue)
        assert queue.evaluations.state(payload.id).result == first

    def test_an_upload_must_be_there(self, queue: JobQueue, payload: EvaluationPayload, image: bytes) -> None:
        with pytest.raises(UploadMissing):
            queue.evaluations.submit(payload, {})
        assert queue.monitor.depths()["evaluations"] == 0
        queue.store.redis.set(names.blob(sha256(image)), image)
        assert queue.evaluations.submit(payload, {}).status == "queued"

    def test_a_waiting_job_gets_an_upload_back_whose_time_was_over(
        self, queue: JobQueue, payload: EvaluationPayload, image: bytes, work_off: WorkOff
    ) -> None:
        queue.evaluations.submit(payload, uploads(image))
        queue.store.redis.delete(names.blob(payload.image_sha256))
        queue.evaluations.submit(payload, uploads(image))
        work_off(queue)
        assert queue.evaluations.state(payload.id).status == "succeeded"

    def test_a_full_queue_refuses_new_jobs_only(
        self, redis_url: str, tiny_checkpoint: Path, encode: Callable[..., bytes]
    ) -> None:
        queue = queue_at(redis_url, queue_limit=2)
        images = [encode(seed=seed) for seed in range(3)]
        first, second, third = (ask(tiny_checkpoint, image) for image in images)
        for accepted in (first, second, first):
            queue.evaluations.submit(accepted, uploads(*images))
        with pytest.raises(QueueFull) as refused:
            queue.evaluations.submit(third, uploads(*images))
        assert refused.value.retry_after_s > 0
        with pytest.raises(UnknownJob):
            queue.evaluations.state(third.id)
        assert not queue.store.redis.exists(names.blob(third.image_sha256))
        queue.store.redis.close()

    def test_an_idempotency_key_stands_for_one_request(
        self, queue: JobQueue, payload: EvaluationPayload, image: bytes
    ) -> None:
        other = payload.model_copy(update={"parameters": payload.parameters.model_copy(update={"seed": 9})})
        for _ in range(2):
            assert queue.evaluations.submit(payload, uploads(image), idempotency_key="k" * 10_000).id == payload.id
        with pytest.raises(KeyReused):
            queue.evaluations.submit(other, uploads(image), idempotency_key="k" * 10_000)
        assert queue.evaluations.submit(other, uploads(image), idempotency_key="another").id == other.id

    def test_everything_has_a_time(
        self, queue: JobQueue, payload: EvaluationPayload, image: bytes, work_off: WorkOff
    ) -> None:
        """Once jobs have ended, only a bounded number of keys has no expiry."""
        queue.evaluations.submit(payload, uploads(image), idempotency_key="k")
        work_off(queue)
        for_ever = {key.decode() for key in queue.store.redis.scan_iter() if queue.store.redis.ttl(key) < 0}
        assert for_ever == {
            "labn:evaluations", "labn:mean_run_s", "labn:forward_s", "rq:queues",
            "rq:finished:labn-evaluations",
        }  # fmt: skip

    def test_asked_for_again_it_is_watched_for_as_long_as_it_is_kept(
        self, queue: JobQueue, payload: EvaluationPayload, image: bytes, work_off: WorkOff
    ) -> None:
        queue.evaluations.submit(payload, uploads(image))
        work_off(queue)
        queue.store.redis.expire(names.events(payload.id), 60)
        queue.evaluations.submit(payload, {})
        assert queue.store.redis.ttl(names.events(payload.id)) >= queue.store.settings.result_ttl_s


class TestCancel:
    def test_a_waiting_job_never_runs_and_its_upload_is_erased(
        self, queue: JobQueue, payload: EvaluationPayload, image: bytes, work_off: WorkOff
    ) -> None:
        queue.evaluations.submit(payload, uploads(image))
        state = queue.evaluations.cancel(payload.id)
        assert state.status == "cancelled"
        assert state.ended_at is not None
        assert not queue.store.redis.exists(names.blob(payload.image_sha256))
        work_off(queue)
        assert queue.evaluations.state(payload.id) == state

    def test_an_upload_that_another_job_needs_stays(
        self, queue: JobQueue, payload: EvaluationPayload, image: bytes, tiny_checkpoint: Path
    ) -> None:
        other = ask(tiny_checkpoint, image, seed=5)
        for wanted in (payload, other):
            queue.evaluations.submit(wanted, uploads(image))
        queue.evaluations.cancel(payload.id)
        assert queue.store.redis.exists(names.blob(payload.image_sha256))
        queue.evaluations.cancel(other.id)
        assert not queue.store.redis.exists(names.blob(payload.image_sha256))

    def test_a_cancelled_job_runs_again_when_asked_for(
        self, queue: JobQueue, payload: EvaluationPayload, image: bytes, work_off: WorkOff
    ) -> None:
        queue.evaluations.submit(payload, uploads(image))
        queue.evaluations.cancel(payload.id)
        again = queue.evaluations.submit(payload, uploads(image))
        assert (again.status, again.ended_at) == ("queued", None)
        work_off(queue)
        assert queue.evaluations.state(payload.id).status == "succeeded"

    def test_a_result_stays_and_its_upload_is_erased(
        self, queue: JobQueue, payload: EvaluationPayload, image: bytes, work_off: WorkOff
    ) -> None:
        queue.evaluations.submit(payload, uploads(image))
        work_off(queue)
        assert queue.evaluations.cancel(payload.id).status == "succeeded"
        assert queue.evaluations.state(payload.id).result is not None
        assert not queue.store.redis.exists(names.blob(payload.image_sha256))

    def test_unknown_ones_are_named(self, queue: JobQueue) -> None:
        for call in (queue.evaluations.cancel, queue.evaluations.state):
            with pytest.raises(UnknownJob, match="nonsense"):
                call("nonsense")


class TestEvents:
    def test_tell_of_each_change_and_end(
        self, queue: JobQueue, payload: EvaluationPayload, image: bytes, work_off: WorkOff
    ) -> None:
        queue.evaluations.submit(payload, uploads(image))
        first = queue.evaluations.next_event(payload.id)
        assert first is not None
        assert first.state.status == "queued"
        assert queue.evaluations.next_event(payload.id, first.id) is None
        work_off(queue)
        last = queue.evaluations.next_event(payload.id, first.id)
        assert last is not None
        assert last.state == queue.evaluations.state(payload.id)
        assert last.state.is_ended
        assert queue.evaluations.next_event(payload.id, last.id) is None


class TestListing:
    def test_pages_are_newest_first(self, queue: JobQueue, tiny_checkpoint: Path, image: bytes) -> None:
        asked = [ask(tiny_checkpoint, image, seed=seed) for seed in range(5)]
        for payload in asked:
            queue.evaluations.submit(payload, uploads(image))
        found, cursor = [], None
        for _ in range(3):
            page, cursor = queue.evaluations.states(cursor, limit=2)
            found += [state.id for state in page]
        assert cursor is None
        assert found == [payload.id for payload in reversed(asked)]

    def test_depth_and_age(self, queue: JobQueue, payload: EvaluationPayload, image: bytes) -> None:
        assert queue.monitor.oldest_age_s() == 0
        queue.evaluations.submit(payload, uploads(image))
        time.sleep(0.1)
        assert 0.1 <= queue.monitor.oldest_age_s() < 60
        assert queue.monitor.expected_wait_s() > 0

    def test_a_job_is_expected_to_take_as_long_as_its_forwards(
        self, queue: JobQueue, payload: EvaluationPayload, image: bytes, tiny_checkpoint: Path, work_off: WorkOff
    ) -> None:
        queue.evaluations.submit(payload, uploads(image))
        work_off(queue)
        run_s, forward_s = (
            float(queue.store.redis.get("labn:mean_run_s") or 0),
            queue.store.timings.forward_s()[payload.model.version],
        )
        assert 0 < forward_s < run_s
        large = ask(tiny_checkpoint, image, seed=1)
        queue.evaluations.submit(large, uploads(image), forwards=10_000)
        difference = queue.monitor.expected_wait_s(large.id) - queue.monitor.expected_wait_s()
        assert difference == pytest.approx(10_000 * forward_s - run_s)

    def test_workers_of_other_queues_are_not_ours(self, queue: JobQueue, redis_url: str, work_off: WorkOff) -> None:
        other = queue_at(redis_url, queue="other")
        seen: list[int] = []
        worker = work_off(queue)
        worker.register_birth()
        seen += [len(queue.monitor.workers()), len(other.monitor.workers())]
        worker.register_death()
        seen += [len(queue.monitor.workers())]
        assert seen == [1, 0, 0]
        other.store.redis.close()


def test_a_request_does_not_wait_for_a_redis_that_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = QueueSettings.model_validate({"redis_url": f"unix://{tmp_path}/nothing.sock"})
    slept_s: list[float] = []
    monkeypatch.setattr("redis.retry.sleep", slept_s.append)
    for patient, expected_s in ((False, 0.0), (True, pytest.approx(10, rel=0.2))):
        slept_s.clear()
        with connect(settings, patient=patient) as redis, pytest.raises(RedisGone):
            JobQueue.on(redis, settings).monitor.depths()
        assert sum(slept_s) == expected_s

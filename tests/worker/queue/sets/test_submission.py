from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.worker.conftest import WorkOff
from tests.worker.live import queue_at
from tests.worker.queue.sets.lazy_uploads import Interrupted
from tests.worker.requests import ask, uploads
from worker.queue.contracts.sets import SetPayload
from worker.queue.errors import KeyReused, QueueFull, SetTooLarge, UploadMissing
from worker.queue.job_queue import JobQueue
from worker.queue.store import names


def test_an_image_that_was_evaluated_by_itself_is_not_done_again(
    queue: JobQueue,
    make_set: Callable[..., SetPayload],
    images: list[bytes],
    work_off: WorkOff,
    tiny_checkpoint: Path,
) -> None:
    single = ask(tiny_checkpoint, images[0], methods=("attention", "random"), target="negative")
    queue.evaluations.submit(single, uploads(images[0]))
    work_off(queue)
    ended_at = queue.evaluations.state(single.id).ended_at
    payload = make_set(images)
    assert queue.sets.submit(payload, uploads(*images)).items == {
        "queued": 3, "running": 0, "succeeded": 1, "failed": 0, "cancelled": 0,
    }  # fmt: skip
    work_off(queue)
    assert queue.sets.state(payload.id).status == "succeeded"
    assert queue.evaluations.state(single.id).ended_at == ended_at
    assert [state.id for state in queue.evaluations.states()[0]] == [single.id]


def test_what_failed_is_done_again_and_nothing_else(
    queue: JobQueue, make_set: Callable[..., SetPayload], images: list[bytes], work_off: WorkOff
) -> None:
    payload = make_set(images)
    queue.sets.submit(payload, uploads(*images))
    missing = payload.items[2].image_sha256
    queue.store.redis.delete(names.blob(missing))
    work_off(queue)
    state = queue.sets.state(payload.id)
    assert (state.status, state.items["failed"], state.items["succeeded"]) == ("failed", 1, 3)
    assert state.error is not None
    assert state.error.type == "items_failed"
    assert state.result is not None
    assert state.result["images"] == 3
    ended = [queue.evaluations.state(payload.evaluation(item).id).ended_at for item in payload.items]
    assert queue.sets.submit(payload, uploads(*images)).items["queued"] == 1
    work_off(queue)
    state = queue.sets.state(payload.id)
    assert (state.status, state.items["succeeded"]) == ("succeeded", 4)
    assert state.result is not None
    assert state.result["images"] == 4
    again = [queue.evaluations.state(payload.evaluation(item).id).ended_at for item in payload.items]
    assert [first == second for first, second in zip(ended, again, strict=True)] == [True, True, False, True]


class TestSubmit:
    def test_the_same_again_is_the_same_set(
        self, queue: JobQueue, make_set: Callable[..., SetPayload], images: list[bytes]
    ) -> None:
        payload = make_set(images)
        first = queue.sets.submit(payload, uploads(*images), idempotency_key="k")
        assert queue.sets.submit(payload, {}, idempotency_key="k") == first
        assert queue.monitor.depths()["sets"] == 4
        with pytest.raises(KeyReused):
            queue.sets.submit(make_set(images[:2]), uploads(*images), idempotency_key="k")

    def test_a_full_lane_refuses_it_whole(
        self, redis_url: str, make_set: Callable[..., SetPayload], images: list[bytes]
    ) -> None:
        queue = queue_at(redis_url, set_queue_limit=3)
        queue.sets.submit(make_set(images[:2]), uploads(*images))
        before = queue.store.redis.dbsize()
        with pytest.raises(QueueFull, match="2 images are already waiting") as refused:
            queue.sets.submit(make_set(images[2:]), uploads(*images))
        assert refused.value.retry_after_s > 0
        assert queue.store.redis.dbsize() == before
        queue.store.redis.close()

    def test_one_that_never_fits_is_told_so(
        self, redis_url: str, make_set: Callable[..., SetPayload], images: list[bytes]
    ) -> None:
        queue = queue_at(redis_url, set_queue_limit=3)
        with pytest.raises(SetTooLarge, match="4 images"):
            queue.sets.submit(make_set(images), uploads(*images))
        assert queue.store.redis.dbsize() == 0
        queue.store.redis.close()

    def test_only_images_that_are_to_be_done_count(
        self, redis_url: str, make_set: Callable[..., SetPayload], images: list[bytes], work_off: WorkOff
    ) -> None:
        queue = queue_at(redis_url, set_queue_limit=3)
        queue.sets.submit(make_set(images[:2]), uploads(*images))
        work_off(queue)
        assert queue.sets.submit(make_set(images), uploads(*images)).items["queued"] == 2
        assert queue.sets.submit(make_set([images[0]] * 4), uploads(*images)).items["succeeded"] == 2
        queue.store.redis.close()

    def test_a_call_that_fails_leaves_what_another_one_goes_on_with(
        self, queue: JobQueue, make_set: Callable[..., SetPayload], images: list[bytes], work_off: WorkOff
    ) -> None:
        payload = make_set(images)

        def fail() -> None:
            with pytest.raises(ConnectionAbortedError):
                queue.sets.submit(payload, Interrupted(uploads(*images), before=2, does=abort))

        def abort() -> None:
            raise ConnectionAbortedError

        state = queue.sets.submit(payload, Interrupted(uploads(*images), before=3, does=fail))
        assert (state.status, state.items["queued"]) == ("queued", 4)
        work_off(queue)
        assert queue.sets.state(payload.id).status == "succeeded"

    def test_a_call_that_fails_leaves_what_another_one_has_finished(
        self, queue: JobQueue, make_set: Callable[..., SetPayload], images: list[bytes]
    ) -> None:
        payload = make_set(images)

        def succeed_and_fail() -> None:
            assert queue.sets.submit(payload, uploads(*images)).status == "queued"
            raise ConnectionAbortedError

        with pytest.raises(ConnectionAbortedError):
            queue.sets.submit(payload, Interrupted(uploads(*images), before=2, does=succeed_and_fail))
        assert (queue.sets.state(payload.id).status, queue.monitor.depths()["sets"]) == ("queued", 4)

    def test_half_a_set_is_completed_by_the_next_try(
        self, queue: JobQueue, make_set: Callable[..., SetPayload], images: list[bytes], work_off: WorkOff
    ) -> None:
        payload = make_set(images)
        with pytest.raises(UploadMissing):
            queue.sets.submit(payload, uploads(*images[:2]))
        work_off(queue)
        assert queue.sets.state(payload.id).status == "cancelled"
        queue.sets.submit(payload, uploads(*images))
        work_off(queue)
        assert queue.sets.state(payload.id).status == "succeeded"

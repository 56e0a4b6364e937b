from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.worker.conftest import WorkOff
from tests.worker.requests import ask, uploads
from worker.queue.contracts.sets import SetPayload
from worker.queue.errors import UnknownJob
from worker.queue.job_queue import JobQueue
from worker.queue.store import names
from worker.queue.store.blobs import sha256

BROKEN = b"\x89PNG\r\n\x1a\n broken"


def test_items_say_where_each_image_stands(
    queue: JobQueue, make_set: Callable[..., SetPayload], images: list[bytes], work_off: WorkOff
) -> None:
    images = [*images, BROKEN]
    payload = make_set(images)
    queue.sets.submit(payload, uploads(*images))
    work_off(queue)
    first, place = queue.sets.items(payload.id, 0, 3)
    rest, end = queue.sets.items(payload.id, place or 0, 3)
    assert (place, end) == (3, None)
    found = first + rest
    assert [item.file for item in found] == [item.file for item in payload.items]
    assert [item.status for item in found] == ["succeeded"] * 4 + ["failed"]
    assert found[-1].error is not None
    assert found[-1].error.type == "broken_image"
    scores = [
        {
            name: {score["patch_size"]: score["pid"] for score in method["scores"]}
            for name, method in result["methods"].items()
        }
        for result in (queue.evaluations.state(item.id).result for item in found[:4])
        if result
    ]
    assert [item.pid for item in found] == [*scores, None]
    assert len(scores) == 4
    assert [item.image_sha256 for item in found] == [sha256(image) for image in images]


class TestCancel:
    def test_ends_what_nobody_else_wants(
        self, queue: JobQueue, make_set: Callable[..., SetPayload], images: list[bytes], work_off: WorkOff,
        tiny_checkpoint: Path,
    ) -> None:  # fmt: skip
        payload = make_set(images)
        queue.sets.submit(payload, uploads(*images))
        wanted = ask(tiny_checkpoint, images[1], methods=("attention", "random"), target="positive")
        assert queue.evaluations.submit(wanted, {}).status == "queued"
        state = queue.sets.cancel(payload.id)
        assert (state.status, state.items["cancelled"], state.items["queued"]) == ("cancelled", 3, 1)
        assert [queue.store.redis.exists(names.blob(item.image_sha256)) for item in payload.items] == [
            False,
            True,
            False,
            False,
        ]
        work_off(queue)
        assert queue.evaluations.state(wanted.id).status == "succeeded"
        assert queue.sets.state(payload.id).status == "cancelled"

    def test_can_be_asked_for_again(
        self, queue: JobQueue, make_set: Callable[..., SetPayload], images: list[bytes], work_off: WorkOff
    ) -> None:
        payload = make_set(images)
        queue.sets.submit(payload, uploads(*images))
        queue.sets.cancel(payload.id)
        assert queue.sets.submit(payload, uploads(*images)).status == "queued"
        work_off(queue)
        assert queue.sets.state(payload.id).status == "succeeded"

    def test_leaves_a_set_that_has_ended(
        self, queue: JobQueue, make_set: Callable[..., SetPayload], images: list[bytes], work_off: WorkOff
    ) -> None:
        payload = make_set(images)
        queue.sets.submit(payload, uploads(*images))
        work_off(queue)
        assert queue.sets.cancel(payload.id).status == "succeeded"
        assert not any(queue.store.redis.exists(names.blob(item.image_sha256)) for item in payload.items)


def test_unknown_ones_are_named(queue: JobQueue) -> None:
    calls: tuple[Callable[[str], Any], ...] = (queue.sets.state, queue.sets.cancel, queue.sets.items)
    for call in calls:
        with pytest.raises(UnknownJob):
            call("0" * 32)


def test_events_tell_of_items_and_of_the_end(
    queue: JobQueue, make_set: Callable[..., SetPayload], images: list[bytes], work_off: WorkOff
) -> None:
    payload = make_set(images)
    queue.sets.submit(payload, uploads(*images))
    first = queue.sets.next_event(payload.id)
    assert first is not None
    assert first.state.status == "queued"
    work_off(queue)
    last = queue.sets.next_event(payload.id, first.id)
    assert last is not None
    assert last.state == queue.sets.state(payload.id)
    assert last.state.is_ended
    assert queue.sets.next_event(payload.id, last.id) is None


def test_pages_are_newest_first(queue: JobQueue, make_set: Callable[..., SetPayload], images: list[bytes]) -> None:
    asked = [make_set(images[: 1 + number]) for number in range(3)]
    for payload in asked:
        queue.sets.submit(payload, uploads(*images))
    first, cursor = queue.sets.states(limit=2)
    rest, end = queue.sets.states(cursor, limit=2)
    assert [state.id for state in first + rest] == [payload.id for payload in reversed(asked)]
    assert end is None

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from rq.job import Job

from model.evaluation.tables.scores import table_rows
from tests.worker.conftest import WorkOff
from tests.worker.live import queue_at
from tests.worker.requests import QUICK, ask, model_of, uploads
from worker.queue import names
from worker.queue.blobs import sha256
from worker.queue.contracts.evaluation import EvaluationParameters
from worker.queue.contracts.sets import SetItem, SetPayload
from worker.queue.errors import KeyReused, QueueFull, SetTooLarge, UnknownJob, UploadMissing
from worker.queue.job_queue import JobQueue

BROKEN = b"\x89PNG\r\n\x1a\n broken"
PARAMETERS = EvaluationParameters(**(QUICK | {"methods": ("attention", "random")}))


@pytest.fixture
def images(encode: Callable[..., bytes]) -> list[bytes]:
    return [encode(seed=seed) for seed in range(4)]


@pytest.fixture
def make_set(tiny_checkpoint: Path) -> Callable[..., SetPayload]:
    """A set of images; every other one is labelled positive."""

    def make(images: list[bytes]) -> SetPayload:
        items = tuple(
            SetItem(file=f"{number}.jpg", label=("negative", "positive")[number % 2], image_sha256=sha256(image))
            for number, image in enumerate(images)
        )
        return SetPayload(model=model_of(tiny_checkpoint), parameters=PARAMETERS, items=items)

    return make


class OneByOne(Mapping[str, bytes]):
    """Uploads that are read when they are looked up, as those of an archive are."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files, self.read = files, list[str]()

    def __getitem__(self, digest: str) -> bytes:
        self.read.append(digest)
        return self._files[digest]

    def __contains__(self, digest: object) -> bool:
        return digest in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


class Interrupted(OneByOne):
    """Uploads in the midst of which something else happens."""

    def __init__(self, files: Mapping[str, bytes], *, before: int, does: Callable[[], None]) -> None:
        super().__init__(files)
        self._before, self._does = before, does

    def __getitem__(self, digest: str) -> bytes:
        if len(self.read) == self._before:
            self._does()
        return super().__getitem__(digest)


def test_images_are_jobs_and_end_in_tables(
    queue: JobQueue, make_set: Callable[..., SetPayload], images: list[bytes], work_off: WorkOff
) -> None:
    payload, files = make_set(images), OneByOne(uploads(*images))
    state = queue.sets.submit(payload, files)
    assert (state.id, state.status, state.items["queued"], state.result) == (payload.id, "queued", 4, None)
    assert sorted(files.read) == sorted(uploads(*images))
    assert queue.monitor.depths() == {"evaluations": 0, "sets": 4}
    work_off(queue)
    state = queue.sets.state(payload.id)
    assert (state.status, state.items["succeeded"], state.error) == ("succeeded", 4, None)
    assert (state.progress.done, state.progress.total) == (4, 4)
    assert state.created_at < (state.started_at or "") < (state.ended_at or "")
    assert state.result is not None
    tables = state.result["tables"]
    assert [(table["label"], table["images"]) for table in tables] == [(None, 4), ("negative", 2), ("positive", 2)]
    documents = [queue.evaluations.state(payload.evaluation(item).id).result for item in payload.items]
    assert tables[0]["rows"] == table_rows([document for document in documents if document])
    assert {row["method"] for row in tables[0]["rows"]} == {"attention", "random"}
    assert len(tables[0]["differences"]) == 1
    assert "| attention |" in tables[0]["markdown"]


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


def test_nothing_succeeded_is_told_too(
    queue: JobQueue, make_set: Callable[..., SetPayload], work_off: WorkOff
) -> None:
    payload = make_set([BROKEN])
    queue.sets.submit(payload, uploads(BROKEN))
    work_off(queue)
    state = queue.sets.state(payload.id)
    assert state.status == "failed"
    assert state.result == {"images": 0, "tables": [], "provenance": {}, "warnings": []}


def test_the_result_says_what_repeats_it_and_what_to_beware_of(
    queue: JobQueue, make_set: Callable[..., SetPayload], images: list[bytes], work_off: WorkOff
) -> None:
    payload = make_set(images)
    payload = payload.model_copy(update={"parameters": payload.parameters.model_copy(update={"random_orders": 2})})
    queue.sets.submit(payload, uploads(*images))
    work_off(queue)
    result = queue.sets.state(payload.id).result
    assert result is not None
    provenance = result["provenance"]
    assert provenance["model"] == payload.model.model_dump()
    assert {"preprocessing", "libraries", "device", "format"} <= set(provenance)
    expected = payload.parameters.model_dump(mode="json")
    del expected["target"]  # which is each image's label
    assert provenance["request"] == expected
    assert "image_sha256" not in provenance
    documents = [queue.evaluations.state(payload.evaluation(item).id).result for item in payload.items]
    warnings = {warning for document in documents if document for warning in document["warnings"]}
    assert sorted(result["warnings"]) == sorted(warnings)
    assert warnings  # two orders are too few for a band


def test_the_end_is_told_as_a_jobs_is(
    queue: JobQueue, make_set: Callable[..., SetPayload], images: list[bytes], work_off: WorkOff
) -> None:
    payload = make_set(images)
    queue.sets.submit(payload, uploads(*images))
    work_off(queue)
    whole, one = queue.sets.state(payload.id), queue.evaluations.state(payload.evaluation(payload.items[0]).id)
    assert (whole.progress.stage, whole.progress.eta_s) == (one.progress.stage, one.progress.eta_s) == ("done", 0.0)
    for state in (whole, one):
        for at in (state.created_at, state.started_at, state.ended_at):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", at or "")


def test_the_same_image_twice_counts_twice(
    queue: JobQueue, make_set: Callable[..., SetPayload], images: list[bytes], work_off: WorkOff
) -> None:
    payload = make_set([images[0], images[0]])
    queue.sets.submit(payload, uploads(images[0]))
    work_off(queue)
    state = queue.sets.state(payload.id)
    assert (state.status, state.items["succeeded"]) == ("succeeded", 2)
    assert state.result is not None
    assert state.result["tables"][0]["images"] == 2


def test_tables_grow_while_a_set_runs(
    queue: JobQueue, make_set: Callable[..., SetPayload], images: list[bytes], work_off: WorkOff
) -> None:
    payload = make_set(images)
    queue.sets.submit(payload, uploads(*images))
    last = payload.evaluation(payload.items[3])
    queue.store.lanes["sets"].remove(last.id)  # as if it were being done somewhere else
    work_off(queue)
    state = queue.sets.state(payload.id)
    assert (state.status, state.ended_at, state.items["queued"]) == ("running", None, 1)
    assert state.result is not None
    assert 0 < state.result["images"] < 4
    queue.store.lanes["sets"].push_job_id(last.id)
    work_off(queue)
    state = queue.sets.state(payload.id)
    assert state.status == "succeeded"
    assert state.result is not None
    assert state.result["images"] == 4


def test_an_image_that_ends_is_no_reason_to_count_all(
    queue: JobQueue, make_set: Callable[..., SetPayload], encode: Callable[..., bytes]
) -> None:
    images = [encode(8, 8, seed=seed) for seed in range(30)]
    payload = make_set(images)
    queue.sets.submit(payload, uploads(*images))
    ended = payload.evaluation(payload.items[0]).id
    queue.store.redis.hset(Job.key_for(ended), "status", "finished")
    queue.tables.item_ended(ended)  # which has the first tables made
    queue.store.redis.config_resetstat()
    queue.tables.item_ended(ended)
    looks = queue.store.redis.info("commandstats")["cmdstat_hget"]["calls"]
    assert looks < len(images)


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

    def test_unknown_ones_are_named(self, queue: JobQueue) -> None:
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

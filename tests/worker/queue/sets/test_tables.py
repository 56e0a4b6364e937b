from __future__ import annotations

import re
from collections.abc import Callable

from rq.job import Job

from model.evaluation.tables.scores import table_rows
from tests.worker.conftest import WorkOff
from tests.worker.queue.sets.lazy_uploads import OneByOne
from tests.worker.requests import uploads
from worker.queue.contracts.sets import SetPayload
from worker.queue.job_queue import JobQueue

BROKEN = b"\x89PNG\r\n\x1a\n broken"


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
    del expected["target"]  # differs: it is the label of each image
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
    queue.store.lanes["sets"].remove(last.id)  # as if another worker ran it
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
    queue.tables.item_ended(ended)  # enqueues the first tables
    queue.store.redis.config_resetstat()
    queue.tables.item_ended(ended)
    looks = queue.store.redis.info("commandstats")["cmdstat_hget"]["calls"]
    assert looks < len(images)

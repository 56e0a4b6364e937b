"""Scores and curves that are published before the result."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.worker.conftest import StartWorker
from tests.worker.live import wait_for, wait_until_ended
from tests.worker.requests import ask, uploads
from worker.queue.contracts.evaluation import EvaluationPayload
from worker.queue.job_queue import JobQueue
from worker.queue.store import names
from worker.queue.store.results import Results
from worker.work.partial_curves import PartialCurves

SLOW_AT_LAST: dict[str, Any] = {"methods": ("attention", "random", "rise"), "patch_sizes": (8, 16),
                                "rise_masks": 100_000}  # fmt: skip
SCORE = {"patch_size": 8, "pid": 0.5}


@pytest.fixture
def image(encode: Callable[..., bytes]) -> bytes:
    return encode(seed=40)


def measured(queue: JobQueue, payload: EvaluationPayload) -> dict[str, list[int]]:
    """Return the measured patch sizes by method."""
    scores = queue.store.results.scores(payload.id)
    return {name: [score["patch_size"] for score in own] for name, own in scores.items()}


class TestRunning:
    def test_scores_come_as_they_are_measured_and_are_those_of_the_result(
        self, redis_url: str, queue: JobQueue, start_worker: StartWorker, tiny_checkpoint: Path, image: bytes
    ) -> None:
        request = SLOW_AT_LAST | {"rise_masks": 4000}
        payload = ask(tiny_checkpoint, image, **request)
        start_worker(redis_url)
        queue.evaluations.submit(payload, uploads(image))
        wait_for(lambda: len(measured(queue, payload)) == 2)
        early = queue.store.results.scores(payload.id)
        assert queue.evaluations.state(payload.id).status == "running"
        state = wait_until_ended(queue, payload.id)
        assert state.result is not None
        result = state.result["methods"]
        assert early["attention"] == result["attention"]["scores"]
        assert measured(queue, payload) == {name: [8, 16] for name in result}
        assert not queue.store.redis.exists(names.scores(payload.id))  # they are in the result

    def test_a_new_run_begins_without_those_of_the_old(
        self, redis_url: str, queue: JobQueue, start_worker: StartWorker, tiny_checkpoint: Path, image: bytes
    ) -> None:
        payload = ask(tiny_checkpoint, image, **SLOW_AT_LAST)
        start_worker(redis_url)
        queue.evaluations.submit(payload, uploads(image))
        wait_for(lambda: measured(queue, payload) == {"attention": [8, 16], "random": [8, 16]})
        assert 0 < queue.store.redis.ttl(names.scores(payload.id)) <= queue.store.settings.result_ttl_s + 600
        queue.evaluations.cancel(payload.id)
        queue.evaluations.submit(payload, uploads(image))
        first = measured(queue, payload)
        queue.evaluations.cancel(payload.id)
        assert first == {}

    def test_another_try_begins_without_those_of_the_first(
        self, redis_url: str, queue: JobQueue, start_worker: StartWorker, tiny_checkpoint: Path, image: bytes
    ) -> None:
        payload = ask(tiny_checkpoint, image, **SLOW_AT_LAST)
        queue.evaluations.submit(payload, uploads(image))
        queue.store.results.add_score(payload.id, "edges", SCORE)  # from a worker that vanished
        start_worker(redis_url)
        wait_for(lambda: "random" in measured(queue, payload))
        found = measured(queue, payload)
        queue.evaluations.cancel(payload.id)
        assert "edges" not in found


class TestResults:
    @pytest.fixture
    def results(self, queue: JobQueue) -> Results:
        return queue.store.results

    def test_a_score_is_there_once_whoever_measured_it(self, results: Results) -> None:
        for method, size in (("attention", 8), ("attention", 16), ("rise", 8), ("attention", 8)):
            results.add_score("a", method, {**SCORE, "patch_size": size})
        expected = {"attention": [SCORE, {**SCORE, "patch_size": 16}], "rise": [SCORE]}
        assert results.scores("a") == expected
        assert results.scores("b") == {}

    def test_whoever_looks_sees_them_or_the_result(self, results: Results) -> None:
        results.add_score("a", "attention", SCORE)
        seen: list[Any] = []
        is_over = threading.Event()

        def look() -> None:
            while not is_over.is_set():
                seen.append(results.scores("a"))

        looking = threading.Thread(target=look)
        looking.start()
        for _ in range(100):
            results.put("a", {"methods": {"attention": {"scores": [SCORE]}}})
            results.add_score("a", "attention", SCORE)
            results.redis.delete(names.result("a"))
        is_over.set()
        looking.join()
        assert len(seen) > 1
        assert all(scores == {"attention": [SCORE]} for scores in seen)

    def test_curves_grow_until_they_are_a_score(self, results: Results) -> None:
        grow = PartialCurves(results, "a")
        grow("attention", 8, 16, {0: (0.1, 0.9), 2: (0.3, 0.6)})
        expected = {"method": "attention", "patch_size": 8, "patches": 16, "n": [0, 2],
                    "insertion_curve": [0.1, 0.3], "deletion_curve": [0.9, 0.6]}  # fmt: skip
        assert results.partial_curves("a") == expected
        grow("attention", 8, 16, {0: (0.1, 0.9)})  # too soon
        assert results.partial_curves("a") == expected
        results.add_score("a", "attention", SCORE)
        assert results.partial_curves("a") is None

    def test_long_curves_are_told_in_few_points_with_both_ends(self, results: Results) -> None:
        PartialCurves(results, "a")("rise", 1, 5000, dict.fromkeys(range(5001), (0.0, 1.0)))
        found = results.partial_curves("a")
        assert found is not None
        assert (found["n"][0], found["n"][-1]) == (0, 5000)
        assert 300 < len(found["n"]) <= 402

    def test_an_attempt_begins_without_scores(self, results: Results) -> None:
        results.add_score("a", "attention", SCORE)
        results.begin_scores("a")
        assert results.scores("a") == {}

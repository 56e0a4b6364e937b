from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer, PickleSerializer

from model.checkpoint import load_checkpoint
from model.evaluation.evaluate import evaluate_image
from model.evaluation.request import EvaluationRequest
from model.images.preprocessing import decode_image, decode_size, to_tensor
from tests.worker.conftest import WorkOff
from tests.worker.images import white_half
from tests.worker.live import queue_at
from tests.worker.requests import ask, model_of, uploads
from worker.queue.contracts.evaluation import EvaluationPayload
from worker.queue.contracts.sets import SetItem, SetPayload
from worker.queue.job_queue import JobQueue
from worker.queue.scheduling import FUNCTIONS
from worker.queue.store import names
from worker.queue.store.blobs import sha256
from worker.work.jobs import JOBS

THOROUGH: dict[str, Any] = {
    "methods": ("attention", "rise", "grad_cam", "random"), "patch_sizes": (8, 16), "rise_masks": 50,
    "random_orders": 2, "seed": 3,
}  # fmt: skip


@pytest.fixture
def image(encode: Callable[..., bytes]) -> bytes:
    return encode()


def done(queue: JobQueue, work_off: WorkOff, payload: EvaluationPayload, *files: bytes, **settings: Any) -> Any:
    """Submit, run and return the state."""
    queue.evaluations.submit(payload, uploads(*files))
    work_off(queue, **settings)
    return queue.evaluations.state(payload.id)


class TestEvaluate:
    def test_the_result_is_the_librarys(
        self, queue: JobQueue, work_off: WorkOff, tiny_checkpoint: Path, image: bytes
    ) -> None:
        payload = ask(tiny_checkpoint, image, **THOROUGH)
        state = done(queue, work_off, payload, image)
        loaded = load_checkpoint(tiny_checkpoint)
        picture = decode_image(image, "rgb", at_least=decode_size(loaded.preprocessing))
        request = EvaluationRequest.from_dict(payload.parameters.model_dump(mode="json"))
        expected = evaluate_image(loaded, to_tensor(picture, loaded.preprocessing)[0], request)
        document = expected.to_dict()
        assert state.status == "succeeded"
        assert {**state.result, "provenance": None} == {**document, "provenance": None}
        maps = queue.store.results.maps(payload.id)
        assert maps is not None
        for name, method in expected.methods.items():
            assert maps[name] == pytest.approx(method.saliency, rel=1e-3, abs=1e-6)

    def test_the_same_request_gives_the_same_numbers(
        self, queue: JobQueue, work_off: WorkOff, tiny_checkpoint: Path, image: bytes
    ) -> None:
        payload = ask(tiny_checkpoint, image, **THOROUGH)
        first = done(queue, work_off, payload, image).result
        queue.store.redis.flushall()
        assert done(queue, work_off, payload, image).result == first

    def test_the_result_says_what_repeats_it(
        self, queue: JobQueue, work_off: WorkOff, tiny_checkpoint: Path, image: bytes
    ) -> None:
        payload = ask(tiny_checkpoint, image, **THOROUGH)
        provenance = done(queue, work_off, payload, image).result["provenance"]
        loaded = load_checkpoint(tiny_checkpoint)
        assert provenance["model"] == {"name": "tiny", "version": loaded.version}
        assert provenance["image_sha256"] == payload.image_sha256
        assert provenance["preprocessing"] == loaded.preprocessing.to_dict()
        assert provenance["request"] == payload.parameters.model_dump(mode="json")
        assert provenance["seed"] == 3
        assert {"torch", "numpy", "pillow", "python"} == set(provenance["libraries"])

    def test_a_mask_localises(
        self, queue: JobQueue, work_off: WorkOff, tiny_checkpoint: Path, image: bytes
    ) -> None:
        mask = white_half()
        state = done(queue, work_off, ask(tiny_checkpoint, image, mask), image, mask)
        assert state.result["methods"]["attention"]["localisation"]["mask_share"] == pytest.approx(0.5)

    def test_progress_ends_at_the_end(
        self, queue: JobQueue, work_off: WorkOff, tiny_checkpoint: Path, image: bytes
    ) -> None:
        state = done(queue, work_off, ask(tiny_checkpoint, image, methods=("rise",), rise_masks=2000), image)
        assert state.progress.stage == "done"
        assert 0 < state.progress.done == state.progress.total
        assert state.created_at < state.started_at < state.ended_at


class TestFailures:
    """Each failure has a name, is reported, and is not retried."""

    def failed(self, state: Any) -> tuple[str, str]:
        assert state.status == "failed"
        assert state.result is None
        assert state.ended_at is not None
        assert state.error is not None
        return state.error.type, state.error.detail

    def test_a_broken_image(self, queue: JobQueue, work_off: WorkOff, tiny_checkpoint: Path, image: bytes) -> None:
        broken = image[: len(image) // 2]
        kind, _ = self.failed(done(queue, work_off, ask(tiny_checkpoint, broken), broken))
        assert kind == "broken_image"

    def test_too_many_pixels(self, queue: JobQueue, work_off: WorkOff, tiny_checkpoint: Path, image: bytes) -> None:
        state = done(queue, work_off, ask(tiny_checkpoint, image), image, max_pixels=100)
        assert self.failed(state)[0] == "too_many_pixels"

    def test_an_upload_whose_time_is_over(
        self, queue: JobQueue, work_off: WorkOff, tiny_checkpoint: Path, image: bytes
    ) -> None:
        payload = ask(tiny_checkpoint, image)
        queue.evaluations.submit(payload, uploads(image))
        queue.store.redis.delete(names.blob(payload.image_sha256))
        work_off(queue)
        assert self.failed(queue.evaluations.state(payload.id))[0] == "upload_missing"
        assert done(queue, work_off, payload, image).status == "succeeded"

    def test_a_model_that_is_not_here(
        self,
        queue: JobQueue,
        work_off: WorkOff,
        tiny_checkpoint: Path,
        image: bytes,
        save_tiny: Callable[..., Path],
    ) -> None:
        payload = ask(save_tiny("elsewhere", seed=5), image)
        kind, detail = self.failed(done(queue, work_off, payload, image))
        assert kind == "model_missing"
        assert payload.model.version in detail
        folder = tiny_checkpoint.parent
        save_tiny("arrived", seed=5, folder=folder)
        assert done(queue, work_off, payload, image, checkpoints=(folder,)).status == "succeeded"

    def test_an_overflow(
        self, queue: JobQueue, work_off: WorkOff, image: bytes, save_tiny: Callable[..., Path]
    ) -> None:
        checkpoint = save_tiny("overflowing", overflowing=True)
        state = done(queue, work_off, ask(checkpoint, image), image, checkpoints=(checkpoint,))
        assert self.failed(state)[0] == "non_finite_output"

    def test_a_target_that_is_not_there(
        self, queue: JobQueue, work_off: WorkOff, tiny_checkpoint: Path, image: bytes
    ) -> None:
        kind, detail = self.failed(done(queue, work_off, ask(tiny_checkpoint, image, target="nobody"), image))
        assert kind == "configuration_error"
        assert "nobody" in detail

    def test_a_job_that_takes_too_long(
        self, redis_url: str, work_off: WorkOff, tiny_checkpoint: Path, image: bytes
    ) -> None:
        queue = queue_at(redis_url, job_timeout_s=1)
        state = done(queue, work_off, ask(tiny_checkpoint, image, methods=("rise",), rise_masks=100_000), image)
        assert self.failed(state)[0] == "job_timed_out"
        queue.store.redis.close()


class TestPoison:
    """Write access to Redis is not enough to run other code in a worker or to crash it."""

    @pytest.mark.parametrize(
        ("function", "arguments"),
        [
            ("os.system", ("touch poisoned",)), ("worker.jobs.evaluate", ()),
            ("worker.jobs.evaluate", ({"kind": "training"},)), ("worker.jobs.evaluate", ("{",)),
            ("worker.jobs.aggregate", ({"kind": "aggregate", "set_id": "../x"},)),
            ("worker.jobs.aggregate", ({"kind": "aggregate", "set_id": "0" * 32},)), ("", ()),
        ],
    )  # fmt: skip
    def test_other_functions_and_payloads(
        self, queue: JobQueue, work_off: WorkOff, function: str, arguments: tuple[Any, ...]
    ) -> None:
        job = queue.store.lanes["evaluations"].enqueue_call(function, args=arguments)
        work_off(queue)
        assert job.get_status() == "failed"
        assert not Path("poisoned").exists()

    @pytest.mark.parametrize("data", [b"{", b"\x80\x04N.", b'["worker.jobs.evaluate"]', b"null", b""])
    def test_other_bytes(self, queue: JobQueue, work_off: WorkOff, data: bytes) -> None:
        job = queue.store.lanes["evaluations"].enqueue_call("worker.jobs.evaluate", args=({},))
        queue.store.redis.hset(job.key, "data", data)
        work_off(queue)
        assert job.get_status() == "failed"

    def test_pickles(self, queue: JobQueue, work_off: WorkOff) -> None:
        pickling = Queue(
            queue.store.lanes["evaluations"].name, connection=queue.store.redis, serializer=PickleSerializer
        )
        job = pickling.enqueue_call("os.system", args=("touch poisoned",))
        work_off(queue)
        assert job.get_status() == "failed"
        assert not Path("poisoned").exists()

    @pytest.mark.parametrize("field", ["status", "created_at", "timeout"])
    def test_hashes_that_cannot_be_read(
        self, queue: JobQueue, work_off: WorkOff, tiny_checkpoint: Path, image: bytes, field: str
    ) -> None:
        poisoned, healthy = ask(tiny_checkpoint, image), ask(tiny_checkpoint, image, seed=1)
        queue.evaluations.submit(poisoned, uploads(image))
        queue.evaluations.submit(healthy, uploads(image))
        queue.store.redis.hset(f"rq:job:{poisoned.id}", field, "nonsense")
        work_off(queue)
        assert queue.evaluations.state(healthy.id).status == "succeeded"
        assert queue.evaluations.state(poisoned.id).status == "failed"
        assert queue.store.redis.smembers("labn:unfinished") == set()

    def test_a_hash_that_is_gone(
        self, queue: JobQueue, work_off: WorkOff, tiny_checkpoint: Path, image: bytes
    ) -> None:
        queue.store.lanes["evaluations"].push_job_id("nobody")
        assert done(queue, work_off, ask(tiny_checkpoint, image), image).status == "succeeded"


class TestStoredNames:
    """Jobs that an earlier release submitted carry these function names."""

    def test_are_the_wire_strings(self) -> None:
        assert FUNCTIONS == {"evaluation": "worker.jobs.evaluate", "aggregate": "worker.jobs.aggregate"}
        assert set(JOBS) == set(FUNCTIONS.values())

    def test_waiting_jobs_with_them_are_run(
        self, queue: JobQueue, work_off: WorkOff, tiny_checkpoint: Path, image: bytes
    ) -> None:
        item = SetItem(file="a.jpg", image_sha256=sha256(image))
        evaluated = SetPayload(
            model=model_of(tiny_checkpoint), parameters=ask(tiny_checkpoint, image).parameters, items=(item,)
        )
        queue.sets.submit(evaluated, uploads(image))
        waiting = [job.func_name for job in queue.store.lanes["sets"].jobs]
        assert waiting == ["worker.jobs.evaluate"]
        work_off(queue)
        assert queue.evaluations.state(evaluated.evaluation(item).id).status == "succeeded"
        assert queue.sets.state(evaluated.id).status == "succeeded"  # so the aggregation was run too
        aggregation = Job.fetch(f"aggregate-{evaluated.id}", queue.store.redis, JSONSerializer)
        assert aggregation.func_name == "worker.jobs.aggregate"


class TestWorker:
    def test_a_network_is_loaded_once(
        self, queue: JobQueue, work_off: WorkOff, tiny_checkpoint: Path, encode: Callable[..., bytes]
    ) -> None:
        images = [encode(seed=seed) for seed in range(3)]
        for image in images:
            queue.evaluations.submit(ask(tiny_checkpoint, image), uploads(image))
        networks = work_off(queue).context.networks
        assert networks.find(model_of(tiny_checkpoint)) is networks.find(model_of(tiny_checkpoint))
        tiny = networks.find(model_of(tiny_checkpoint))
        queue.evaluations.submit(ask(tiny_checkpoint, images[0], seed=1), uploads(images[0]))
        assert networks.find(model_of(tiny_checkpoint)) is tiny

    def test_single_evaluations_go_before_images_of_sets(
        self, queue: JobQueue, work_off: WorkOff, tiny_checkpoint: Path, image: bytes
    ) -> None:
        of_a_set, single = ask(tiny_checkpoint, image, seed=1), ask(tiny_checkpoint, image)
        queue.evaluations.submit(of_a_set, uploads(image), owner="a set", lane="sets")
        queue.evaluations.submit(single, uploads(image))
        work_off(queue)
        assert queue.evaluations.state(single.id).ended_at <= queue.evaluations.state(of_a_set.id).started_at

    def test_counts_what_it_does(
        self, queue: JobQueue, work_off: WorkOff, tiny_checkpoint: Path, image: bytes
    ) -> None:
        good, bad = ask(tiny_checkpoint, image), ask(tiny_checkpoint, image, target="nobody")
        for payload in (good, bad):
            queue.evaluations.submit(payload, uploads(image))
        queue.store.lanes["evaluations"].enqueue_call("os.system", args=("",))
        registry = work_off(queue).metrics.registry
        counted = {
            (sample.labels["kind"], sample.labels["outcome"]): sample.value
            for family in registry.collect() for sample in family.samples
            if sample.name == "labn_jobs_total" and sample.value
        }  # fmt: skip
        assert counted == {
            ("evaluation", "succeeded"): 1, ("evaluation", "failed"): 1, ("unknown", "failed"): 1,
        }  # fmt: skip
        result = queue.evaluations.state(good.id).result
        assert result is not None
        score = result["methods"]["attention"]["scores"][0]["pid"]
        edge = math.ceil(score * 10) / 10  # upper edge of its bucket
        for bound, expected in ((edge, 1), (edge - 0.1, 0)):
            labels = {"explainer": "attention", "patch_size": "16", "le": str(round(bound, 1) + 0.0)}
            assert registry.get_sample_value("labn_pid_score_bucket", labels) == expected
        assert registry.get_sample_value("labn_job_wait_seconds_count") == 2
        assert registry.get_sample_value("labn_job_run_seconds_count", {"kind": "evaluation", "device": "cpu"}) == 2

    def test_its_lanes_are_json(self, queue: JobQueue) -> None:
        assert all(lane.serializer is JSONSerializer for lane in queue.store.lanes.values())

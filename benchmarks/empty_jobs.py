"""Jobs that do nothing, through our queue or through plain RQ, in a process of its own.

`python -m benchmarks.empty_jobs FORM REDIS_URL` reads numbers of jobs from its input. For each it submits as many
jobs, works them off one after the other, and answers with the times. Ours is all of `Evaluations.submit` and of the
worker's loop; only the job function is replaced. Plain RQ gets the same document as argument, and has no content
hash, events, uploads or leases.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from itertools import count
from time import process_time
from typing import Any, Literal
from unittest.mock import patch

from redis import Redis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import SimpleWorker

from benchmarks.blocks import seconds_of
from benchmarks.piped_process import PipedProcess, answer_orders
from worker.loop.heartbeat import Heartbeat
from worker.loop.worker import ResidentWorker
from worker.metrics import WorkerMetrics
from worker.queue.contracts.evaluation import EvaluationParameters, EvaluationPayload, ModelVersion
from worker.queue.job_queue import JobQueue
from worker.queue.scheduling import FUNCTIONS
from worker.queue.store.blobs import sha256
from worker.queue.store.connection import connect
from worker.settings import WorkerSettings
from worker.work.context import JobContext
from worker.work.jobs import JOBS
from worker.work.networks import ResidentNetworks

Form = Literal["ours", "plain"]
Run = Callable[[int], "EmptyRun"]
UPLOAD = b"\0" * 20_000  # as a small photograph; the same for all jobs
LIMIT = 1_000_000


@dataclass(frozen=True, kw_only=True)
class EmptyRun:
    """What a number of jobs took."""

    submit_s: float
    work_s: float  # from the beginning of the first to the end of the last: no start and end of a worker
    cpu_s: float  # of this process for both; Redis' is not in it

    @property
    def seconds(self) -> float:
        """Submitted and worked off, one after the other."""
        return self.submit_s + self.work_s


class EmptyJobs(PipedProcess):
    """The process."""

    def __init__(self, form: Form, redis_url: str) -> None:
        super().__init__("benchmarks.empty_jobs", form, redis_url)

    def run(self, jobs: int) -> EmptyRun:
        """Submit and work off so many.

        Raises:
            RuntimeError: the process has ended, over an error that it wrote.
        """
        return EmptyRun(**self.ask(jobs))


def nothing(*_: object) -> None:
    """Do a job."""


def our_jobs(settings: WorkerSettings) -> Run:
    """Return what submits and works off jobs through our queue."""
    queue = JobQueue.on(connect(settings, patient=True), settings)
    context = JobContext(
        networks=ResidentNetworks([], device="cpu"),
        blobs=queue.store.blobs,
        results=queue.store.results,
        tables=queue.tables,
        max_pixels=settings.max_pixels,
    )
    uploads, seeds = {sha256(UPLOAD): UPLOAD}, count()

    def work() -> None:
        worker = ResidentWorker(queue, context, settings, WorkerMetrics(device="cpu"), Heartbeat())
        with patch.dict(JOBS, {FUNCTIONS["evaluation"]: nothing}):
            worker.run(burst=True)

    return partial(
        _run, queue.store.redis, lambda: queue.evaluations.submit(_payload(next(seeds)), uploads).id, work
    )


def plain_jobs(settings: WorkerSettings) -> Run:
    """Return what submits and works off jobs through RQ alone, with our client of Redis and our serializer."""
    queue = Queue("plain", connection=connect(settings, patient=True), serializer=JSONSerializer)
    seeds = count()

    def work() -> None:
        worker = SimpleWorker([queue], connection=queue.connection, serializer=JSONSerializer)
        worker.work(burst=True, logging_level="WARNING")  # ours says nothing here either

    def submit() -> str:
        return queue.enqueue("benchmarks.empty_jobs.nothing", _payload(next(seeds)).model_dump(mode="json")).id

    return partial(_run, queue.connection, submit, work)


def _payload(seed: int) -> EvaluationPayload:
    return EvaluationPayload(
        model=ModelVersion(name="none", version="0" * 12),
        image_sha256=sha256(UPLOAD),
        parameters=EvaluationParameters(seed=seed),
    )


def _run(redis: Redis, submit: Callable[[], str], work: Callable[[], None], jobs: int) -> EmptyRun:
    began, ids = process_time(), list[str]()
    submit_s = seconds_of(lambda: ids.extend(submit() for _ in range(jobs)))
    work()
    cpu_s = process_time() - began
    first, last = (Job.fetch(job_id, redis, JSONSerializer) for job_id in (ids[0], ids[-1]))
    assert first.started_at
    assert last.ended_at
    return EmptyRun(submit_s=submit_s, work_s=(last.ended_at - first.started_at).total_seconds(), cpu_s=cpu_s)


FORMS: dict[Form, Callable[[WorkerSettings], Run]] = {"ours": our_jobs, "plain": plain_jobs}


def main(form: Form, redis_url: str) -> None:
    """Do what is asked until the input ends."""
    settings = WorkerSettings.model_validate({"redis_url": redis_url, "queue_limit": LIMIT})
    run = FORMS[form](settings)

    def answer(jobs: Any) -> dict[str, float]:
        return asdict(run(jobs))

    answer_orders(answer)


if __name__ == "__main__":
    main(*sys.argv[1:])  # type: ignore[arg-type]  # what this package passes

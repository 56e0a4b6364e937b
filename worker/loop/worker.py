"""Worker loop: runs one job after the other in the main thread, keeps networks in memory and holds short leases.

RQ's worker provides registration, heartbeats and bookkeeping of jobs. The loop is our own: a job is one of a closed
set of functions, may be taken away while it runs, and ends in one transaction or none.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
import uuid
from contextlib import suppress
from typing import Any

from redis.exceptions import WatchError
from rq import Queue
from rq.exceptions import DequeueTimeout, DeserializationError
from rq.executions import Execution
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from rq.timeouts import JobTimeoutException
from rq.utils import now
from rq.worker import SimpleWorker, WorkerStatus

from telemetry.logs import FIELDS
from telemetry.spans import Span, Tracing
from telemetry.tracing import NO_TRACING
from worker.loop.failure import device_failure, named
from worker.loop.heartbeat import Heartbeat
from worker.loop.job_span import job_span
from worker.loop.lease import JobLease
from worker.loop.outcome import JobRun, announce_end, refuse_unreadable
from worker.loop.renewal import Renewal
from worker.loop.reporter import ProgressReporter
from worker.metrics import UNKNOWN, WorkerMetrics
from worker.queue.contracts.state import Progress
from worker.queue.errors import AWAY, DeviceFailed, HandedBack, PayloadRefused, Taken, error_type
from worker.queue.job_queue import JobQueue
from worker.queue.scheduling import FUNCTIONS
from worker.settings import WorkerSettings
from worker.work.context import JobContext
from worker.work.jobs import JOBS

log = logging.getLogger("worker")
KIND_OF = {function: kind for kind, function in FUNCTIONS.items()}
DEQUEUE_S = 1  # longest wait for a job; signals are noticed within it


class ResidentWorker(SimpleWorker):
    """Worker that runs jobs in its own process, without forking, until it is stopped."""

    def __init__(
        self,
        queue: JobQueue,
        context: JobContext,
        settings: WorkerSettings,
        metrics: WorkerMetrics,
        liveness: Heartbeat,
        tracing: Tracing = NO_TRACING,
    ) -> None:
        self.store, self.tables, self.maintenance = queue.store, queue.tables, queue.maintenance
        self.context, self.settings, self.metrics, self.tracing = context, settings, metrics, tracing
        self.liveness, self.renewal = liveness, Renewal(settings.lease_s, liveness)
        self.device = context.networks.device
        self._stops_at: float | None = None  # on time.monotonic's clock, once a signal has come
        self._maintained = float("-inf")  # time of the last offer to run maintenance
        super().__init__(
            list(self.store.lanes.values()),
            name=f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}",
            connection=self.store.redis,
            worker_ttl=settings.lease_s,
            serializer=JSONSerializer,
        )

    def run(self, *, burst: bool = False) -> None:
        """Work until a signal, or with `burst` until no job waits.

        Raises:
            DeviceFailed: CUDA or oneDNN is broken for this process.
            redis.exceptions.ConnectionError: Redis has been unreachable for too long.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop_soon)
        with self.renewal.running():
            self.register_birth()  # type: ignore[no-untyped-call]  # RQ has no types there
            try:
                while found := self._next_job(burst=burst):
                    self.execute_job(*found)
            finally:
                with suppress(*AWAY):
                    self.register_death()  # type: ignore[no-untyped-call]

    def serialize(self) -> dict[str, Any]:
        """Add the device to RQ's registration."""
        return {**super().serialize(), "device": self.device}

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:  # noqa: ARG002  (RQ's signature)
        """Return the duration of a lease (s)."""
        return self.settings.lease_s

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run a job to one of its outcomes."""
        run = self.prepare_run(job, queue, self.prepare_execution(job))
        if self.begin(job):
            with job_span(self.tracing, job) as span:
                self._perform(run, span)
        else:
            run.leave()

    def prepare_run(self, job: Job, queue: Queue, execution: Execution) -> JobRun:
        """Return a run of a job with its lease."""
        lease = JobLease(
            self.store.redis, job, execution,
            holder=self.name, lease_s=self.settings.lease_s, heartbeat=self.heartbeat,
        )  # fmt: skip
        return JobRun(self, self.store, job, queue, execution, lease)

    def begin(self, job: Job) -> bool:
        """Mark a waiting job as running.

        Returns:
            whether it was still waiting: it may have been cancelled, or be twice in a lane.
        """
        with self.store.redis.pipeline() as pipe:
            while True:
                try:
                    pipe.watch(job.key)
                    if pipe.hget(job.key, "status") != JobStatus.QUEUED.value.encode():
                        return False
                    pipe.multi()
                    self.heartbeat(self.settings.lease_s, pipeline=pipe)
                    job.prepare_for_execution(self.name, pipeline=pipe)
                    pipe.persist(job.key)
                    self.store.records.notify(pipe, job.id)
                    pipe.execute()
                except WatchError:
                    continue
                return True

    @property
    def must_stop(self) -> bool:
        """Whether the grace period after a signal is over."""
        return self._stops_at is not None and time.monotonic() >= self._stops_at

    def _next_job(self, *, burst: bool) -> tuple[Job, Queue] | None:
        """Wait for a job; None after a signal, or with `burst` if no job waits."""
        while self._stops_at is None:
            self.liveness.beat()
            self._register_idle()
            self._offer_maintenance()
            try:
                return Queue.dequeue_any(
                    self.queues, None if burst else DEQUEUE_S, self.connection, serializer=JSONSerializer
                )
            except DequeueTimeout:
                continue
            except AWAY:
                raise
            except Exception as error:  # RQ adds the id of the job whose hash it could not read
                if not hasattr(error, "job_id"):
                    raise
                refuse_unreadable(self.store, error.job_id, error)
                announce_end(self.store, self.tables, error.job_id)
        return None

    def _register_idle(self) -> None:
        with self.store.redis.pipeline(transaction=False) as pipe:
            self.set_state(WorkerStatus.IDLE, pipeline=pipe)
            self.heartbeat(pipeline=pipe)
            pipe.execute()

    def _offer_maintenance(self) -> None:
        """Offer maintenance once a second, not once per job: even asking Redis whether it is due takes time."""
        if time.monotonic() - self._maintained >= DEQUEUE_S:
            self.maintenance.run_if_due()
            self._maintained = time.monotonic()

    def _perform(self, run: JobRun, span: Span) -> None:
        """Run a job that this worker has begun.

        Raises:
            DeviceFailed: CUDA or oneDNN is broken for this process; the job has been ended.
        """
        job, kind, began, forwards = run.job, UNKNOWN, time.monotonic(), 0
        error: BaseException | None = None
        broken: DeviceFailed | None = None
        try:
            kind = _kind(job)
            forwards = self._work(job, run.lease)
            outcome = run.succeed()
        except Taken:
            outcome = run.leave()
        except HandedBack:
            outcome = run.hand_back()
        except AWAY:
            raise
        except Exception as raised:
            error, broken = named(raised), device_failure(raised)
        if error:  # outside the except clause, whose frames hold tensors: what follows takes memory
            outcome = run.fail(error)
            span.fail(error_type(error))
        self._report(job, kind, outcome, time.monotonic() - began, forwards, span)
        if broken:
            raise broken

    def _report(self, job: Job, kind: str, outcome: str, run_s: float, forwards: int, span: Span) -> None:
        """Publish the end of a run: span, metrics, mean times, events, log."""
        span.set_attributes({"labn.job.kind": kind, "labn.job.outcome": outcome, "labn.device": self.device})
        self.metrics.ended(kind, outcome, run_s)
        if (kind, outcome) == ("evaluation", "succeeded"):
            self.store.timings.observe(job.args[0]["model"]["version"], run_s, forwards)
        announce_end(self.store, self.tables, job.id)
        fields = {"kind": kind, "outcome": outcome, "duration_s": round(run_s, 6)}
        log.info("job %s %s %s in %.2f s", job.id, kind, outcome, run_s, extra={FIELDS: fields})

    def _work(self, job: Job, lease: JobLease) -> int:
        """Call the function of a job.

        Returns:
            the estimated number of forward passes.

        Raises:
            Interruption: the worker must stop working on the job.
            LabnError: the job cannot be done.
            RuntimeError: torch failed.
        """
        self.tables.item_began(job.id)
        if job.enqueued_at:
            self.metrics.wait_seconds.observe(max(0.0, (now() - job.enqueued_at).total_seconds()))
        report = ProgressReporter(lambda: self._check(lease), lambda progress: self._publish(job.id, progress))
        timeout_s = job.timeout or self.settings.job_timeout_s
        with self.renewal.of(lease), self.death_penalty_class(timeout_s, JobTimeoutException):
            result = JOBS[job.func_name or ""](job.args[0], self.context, report)
        if result is not None:
            self.metrics.evaluated(result)
            self.store.records.scores(job.id, result)
        return report.forwards

    def _check(self, lease: JobLease) -> None:
        """Check that the running job may go on.

        Raises:
            Taken: it was cancelled, or given to another worker.
            HandedBack: the grace period after a signal is over.
        """
        self.liveness.beat()
        if self.must_stop:
            raise HandedBack("the worker stops")
        lease.keep()

    def _publish(self, job_id: str, progress: Progress) -> None:
        with self.store.redis.pipeline() as pipe:
            self.store.records.progress(pipe, job_id, progress)
            pipe.execute()

    def _stop_soon(self, number: int, frame: object) -> None:  # noqa: ARG002
        """Take no more jobs. The running job has the grace period; a second signal ends that."""
        self._stops_at = time.monotonic() + (self.settings.grace_s if self._stops_at is None else 0.0)


def _kind(job: Job) -> str:
    """Return the kind of a job, before any of it is run.

    Raises:
        PayloadRefused: its function is unknown, or it cannot be read.
    """
    try:
        name, arguments = job.func_name, job.args
    except DeserializationError as error:
        raise PayloadRefused("the job is not JSON") from error
    if name not in KIND_OF or job.kwargs or job.instance or len(arguments) != 1:
        raise PayloadRefused(f"unknown job function: {name!r}")
    return KIND_OF[name]

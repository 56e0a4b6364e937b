"""A worker process: one job after the other in its own thread, with the networks kept, and short leases.

Of RQ's worker it takes the registration, the heartbeats and the bookkeeping of jobs. The loop is its own: a job
here is one of a closed set of functions, may be taken away while it runs, and must end in one transaction or none.
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

from model.errors import LabnError
from telemetry.logs import FIELDS
from telemetry.spans import Span, Tracing
from telemetry.tracing import NO_TRACING
from worker.loop.failure import device_failure, job_error, named
from worker.loop.heartbeat import Pulse
from worker.loop.job_span import job_span
from worker.loop.lease import JobLease
from worker.loop.renewal import Renewal
from worker.loop.reporter import Reporter
from worker.metrics import UNKNOWN, WorkerMetrics
from worker.queue import names
from worker.queue.contracts.state import JobError
from worker.queue.errors import AWAY, DeviceFailed, HandedBack, OutOfMemory, PayloadRefused, Taken, error_type
from worker.queue.evaluations import FUNCTIONS, JobQueue
from worker.queue.records import STATUS
from worker.settings import WorkerSettings
from worker.work.jobs import JOBS, Workshop

log = logging.getLogger("worker")
KIND_OF = {function: kind for kind, function in FUNCTIONS.items()}
DEQUEUE_S = 1  # of one look into the lanes; a signal is noticed within it
TRY_AGAIN = (OutOfMemory, DeviceFailed)  # what another worker, or this one later, may not meet with


class ResidentWorker(SimpleWorker):
    """Works until it is told to end. Its networks stay; nothing is forked."""

    def __init__(
        self,
        jobs: JobQueue,
        workshop: Workshop,
        settings: WorkerSettings,
        metrics: WorkerMetrics,
        pulse: Pulse,
        tracing: Tracing = NO_TRACING,
    ) -> None:
        self.jobs, self.workshop, self.settings, self.metrics, self.pulse = jobs, workshop, settings, metrics, pulse
        self.tracing = tracing
        self.renewal = Renewal(settings.lease_s, pulse)
        self.device = workshop.networks.device
        self._ends_at: float | None = None  # of time.monotonic, once a signal has come
        self._offered = float("-inf")  # maintenance, the last time
        super().__init__(
            list(jobs.lanes.values()),
            name=f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}",
            connection=jobs.redis,
            worker_ttl=settings.lease_s,
            serializer=JSONSerializer,
        )

    def run(self, *, burst: bool = False) -> None:
        """Work until a signal, or with `burst` until nothing waits.

        Raises:
            DeviceFailed: CUDA or oneDNN is broken for this process.
            redis.exceptions.ConnectionError: Redis has been away for too long.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end_soon)
        with self.renewal.running():
            self.register_birth()  # type: ignore[no-untyped-call]  # RQ has no types there
            try:
                while found := self._next_job(burst=burst):
                    self.execute_job(*found)
            finally:
                with suppress(*AWAY):
                    self.register_death()  # type: ignore[no-untyped-call]

    def serialize(self) -> dict[str, Any]:
        """Tell others of the device too."""
        return {**super().serialize(), "device": self.device}

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:  # noqa: ARG002  (RQ's signature)
        """Return the lease."""
        return self.settings.lease_s

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Do a job to one of its ends."""
        execution = self.prepare_execution(job)
        if self._begin(job):
            with job_span(self.tracing, job) as span:
                self._perform(job, queue, execution, span)
        else:
            self._leave(job, execution)

    def _next_job(self, *, burst: bool) -> tuple[Job, Queue] | None:
        """Wait for a job; None once there is to be none."""
        while self._ends_at is None:
            self.pulse.beat()
            self._say_idle()
            self._maintain()
            try:
                return Queue.dequeue_any(
                    self.queues, None if burst else DEQUEUE_S, self.connection, serializer=JSONSerializer
                )
            except DequeueTimeout:
                continue
            except AWAY:
                raise
            except Exception as error:  # RQ names the job whose hash it could not read
                if not hasattr(error, "job_id"):
                    raise
                self._refuse(error.job_id, error)
        return None

    def _say_idle(self) -> None:
        with self.connection.pipeline(transaction=False) as pipe:
            self.set_state(WorkerStatus.IDLE, pipeline=pipe)
            self.heartbeat(pipeline=pipe)
            pipe.execute()

    def _maintain(self) -> None:
        """Offer maintenance once a second, not once a job: asking Redis whether it is due takes time as well."""
        if time.monotonic() - self._offered >= DEQUEUE_S:
            self.jobs.maintain()
            self._offered = time.monotonic()

    def _refuse(self, job_id: str, error: Exception) -> None:
        """Fail a job whose hash is none of RQ's."""
        log.warning("job %s cannot be read: %s", job_id, error)
        refused = JobError(type=error_type(PayloadRefused()), detail=f"the job cannot be read: {error}")
        with self.connection.pipeline() as pipe:
            pipe.hset(Job.key_for(job_id), "status", JobStatus.FAILED.value)
            pipe.expire(Job.key_for(job_id), self.settings.result_ttl_s)
            self.jobs.records.failure(pipe, job_id, refused)
            pipe.execute()
        self._tell_end(job_id)

    def _begin(self, job: Job) -> bool:
        """Take a job that waits.

        Returns:
            whether it still did: it may have been cancelled, or be in a lane twice.
        """
        with self.connection.pipeline() as pipe:
            while True:
                try:
                    pipe.watch(job.key)
                    if pipe.hget(job.key, "status") != JobStatus.QUEUED.value.encode():
                        return False
                    pipe.multi()
                    self.heartbeat(self.settings.lease_s, pipeline=pipe)
                    job.prepare_for_execution(self.name, pipeline=pipe)
                    pipe.persist(job.key)
                    self.jobs.records.notify(pipe, job.id)
                    pipe.execute()
                except WatchError:
                    continue
                return True

    def _perform(self, job: Job, queue: Queue, execution: Execution, span: Span) -> None:
        """Run a job that is this worker's.

        Raises:
            DeviceFailed: CUDA or oneDNN is broken for this process; the job has been dealt with.
        """
        lease, kind, began = JobLease(self, job, execution), UNKNOWN, time.monotonic()
        error: BaseException | None = None
        broken: DeviceFailed | None = None
        forwards, outcome = 0, "succeeded"
        try:
            kind = self._kind(job)
            forwards = self._work(job, lease)
            lease.keep()
            job.ended_at = now()
            self.handle_job_success(job, queue, queue.started_job_registry, execution)
        except Taken:
            outcome = self._leave(job, execution)
        except HandedBack:
            outcome = self._hand_back(job, queue, execution, lease)
        except AWAY:
            raise
        except Exception as raised:
            error, broken = named(raised), device_failure(raised)
        if error:  # no longer in the clause: its frames hold tensors, and what follows takes memory
            outcome = self._fail(job, queue, execution, lease, error)
            span.fail(error_type(error))
        span.tell({"labn.job.kind": kind, "labn.job.outcome": outcome, "labn.device": self.device})
        self.metrics.ended(kind, outcome, time.monotonic() - began)
        if (kind, outcome) == ("evaluation", "succeeded"):
            self.jobs.timings.observe(job.args[0]["model"]["version"], time.monotonic() - began, forwards)
        self._tell_end(job.id)
        took = {"kind": kind, "outcome": outcome, "duration_s": round(time.monotonic() - began, 6)}
        log.info("job %s %s %s in %.2f s", job.id, kind, outcome, took["duration_s"], extra={FIELDS: took})
        if broken:
            raise broken

    def _work(self, job: Job, lease: JobLease) -> int:
        """Do what a job says.

        Returns:
            about how many forwards it took.

        Raises:
            Interruption: it is no longer this worker's.
            LabnError: what went wrong has a name.
            RuntimeError: what torch says.
        """
        self.jobs.sets.item_began(job.id)
        self._observe_wait(job)
        reporter = Reporter(lease, lambda progress: self._tell(job.id, progress))
        timeout_s = job.timeout or self.settings.job_timeout_s
        with self.renewal.of(lease), self.death_penalty_class(timeout_s, JobTimeoutException):
            result = JOBS[job.func_name or ""](job.args[0], self.workshop, reporter)
        if result is not None:
            self.metrics.evaluated(result)
            self.jobs.records.scores(job.id, result)
        return reporter.forwards

    def _kind(self, job: Job) -> str:
        """Return what a job is, before anything of it is run.

        Raises:
            PayloadRefused: none of ours, or it cannot be read.
        """
        try:
            name, arguments = job.func_name, job.args
        except DeserializationError as error:
            raise PayloadRefused("the job is not JSON") from error
        if name not in KIND_OF or job.kwargs or job.instance or len(arguments) != 1:
            raise PayloadRefused(f"no job of ours: {name!r}")
        return KIND_OF[name]

    def _tell(self, job_id: str, progress: Any) -> None:
        with self.connection.pipeline() as pipe:
            self.jobs.records.progress(pipe, job_id, progress)
            pipe.execute()

    def _tell_end(self, job_id: str) -> None:
        """Say that there is news of a job, to whoever watches it or a set that it is of."""
        with self.connection.pipeline(transaction=False) as pipe:
            pipe.hget(Job.key_for(job_id), "status")
            pipe.exists(names.job(job_id))
            status, is_known = pipe.execute()
        with self.connection.pipeline(transaction=False) as pipe:
            if status is None or STATUS.get(status.decode()) not in ("queued", "running"):
                pipe.srem(names.UNFINISHED, job_id)
            if is_known:
                self.jobs.records.notify(pipe, job_id)
            pipe.execute()
        self.jobs.sets.item_ended(job_id)
        if job_id.startswith("aggregate-"):
            self.jobs.sets.settle(job_id.removeprefix("aggregate-"))

    def _fail(self, job: Job, queue: Queue, execution: Execution, lease: JobLease, error: BaseException) -> str:
        """End a job that went wrong, or let it be tried again."""
        try:
            lease.renew()
        except Taken:  # whatever went wrong is nobody's concern
            return self._leave(job, execution)
        if not isinstance(error, TRY_AGAIN):
            job.retries_left = 0
        outcome = "retried" if job.should_retry else "failed"
        unexpected = None if isinstance(error, LabnError) else error
        log.warning("job %s %s: %s: %s", job.id, outcome, error_type(error), error, exc_info=unexpected)
        with self.connection.pipeline() as pipe:
            self.jobs.records.failure(pipe, job.id, job_error(error))
            pipe.execute()
        job.ended_at = now()
        self.handle_job_failure(job, queue, exc_string=f"{error_type(error)}: {error}", execution=execution)
        return outcome

    def _leave(self, job: Job, execution: Execution) -> str:
        """Have no more to do with a job, wherever it is now."""
        with self.connection.pipeline() as pipe:
            self.cleanup_execution(job, pipe, execution)
            pipe.execute()
        return "cancelled" if self.jobs.records.statuses([job.id])[0] == "cancelled" else "lost"

    def _hand_back(self, job: Job, queue: Queue, execution: Execution, lease: JobLease) -> str:
        """Let a job be the next one again; it counts as no retry."""
        with self.connection.pipeline() as pipe:
            try:
                pipe.watch(job.key)
                if not lease.is_mine(pipe):
                    return self._leave(job, execution)
                pipe.multi()
                self.cleanup_execution(job, pipe, execution)
                pipe.hset(job.key, "status", JobStatus.QUEUED.value)
                queue.push_job_id(job.id, pipeline=pipe, at_front=True)
                pipe.execute()
            except WatchError:  # it was cancelled just now
                return self._leave(job, execution)
        return "handed_back"

    @property
    def is_to_end(self) -> bool:
        """Whether the time that a signal left is over."""
        return self._ends_at is not None and time.monotonic() >= self._ends_at

    def _end_soon(self, number: int, frame: object) -> None:  # noqa: ARG002
        """Take no new job; a second signal leaves the present one no time."""
        self._ends_at = time.monotonic() + (self.settings.grace_s if self._ends_at is None else 0.0)

    def _observe_wait(self, job: Job) -> None:
        if job.enqueued_at:
            self.metrics.wait_seconds.observe(max(0.0, (now() - job.enqueued_at).total_seconds()))

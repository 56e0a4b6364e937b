"""Outcomes of a job's run: success, failure or retry, hand-back, loss. Each is one transaction or none."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from redis.exceptions import WatchError
from rq import Queue
from rq.executions import Execution
from rq.job import Job, JobStatus
from rq.utils import now
from rq.worker import SimpleWorker

from model.errors import LabnError
from worker.loop.failure import job_error
from worker.loop.lease import JobLease
from worker.queue.contracts.state import JobError
from worker.queue.errors import DeviceFailed, OutOfMemory, PayloadRefused, Taken, error_type
from worker.queue.sets.tables import SetTables
from worker.queue.store import names
from worker.queue.store.records import STATUS
from worker.queue.store.store import Store

log = logging.getLogger("worker")
RETRIED = (OutOfMemory, DeviceFailed)  # errors that another worker, or this one later, may not meet


@dataclass(frozen=True)
class JobRun:
    """One run of a job, to be ended by exactly one of its methods; each returns the outcome's name for metrics."""

    worker: SimpleWorker  # for RQ's bookkeeping
    store: Store
    job: Job
    queue: Queue
    execution: Execution
    lease: JobLease

    def succeed(self) -> str:
        """Mark the job as finished.

        Raises:
            Taken: it was cancelled, or given to another worker.
        """
        self.lease.keep()
        self.job.ended_at = now()
        self.worker.handle_job_success(self.job, self.queue, self.queue.started_job_registry, self.execution)
        return "succeeded"

    def fail(self, error: BaseException) -> str:
        """Mark the job as failed, or requeue it if a retry may help and is left."""
        try:
            self.lease.renew()
        except Taken:  # the error no longer matters
            return self.leave()
        if not isinstance(error, RETRIED):
            self.job.retries_left = 0
        outcome = "retried" if self.job.should_retry else "failed"
        unexpected = None if isinstance(error, LabnError) else error
        log.warning("job %s %s: %s: %s", self.job.id, outcome, error_type(error), error, exc_info=unexpected)
        with self.store.redis.pipeline() as pipe:
            self.store.records.failure(pipe, self.job.id, job_error(error))
            pipe.execute()
        self.job.ended_at = now()
        self.worker.handle_job_failure(
            self.job, self.queue, exc_string=f"{error_type(error)}: {error}", execution=self.execution
        )
        return outcome

    def leave(self) -> str:
        """Remove this worker's traces of a job that is no longer its own."""
        with self.store.redis.pipeline() as pipe:
            self.worker.cleanup_execution(self.job, pipe, self.execution)
            pipe.execute()
        return "cancelled" if self.store.records.statuses([self.job.id])[0] == "cancelled" else "lost"

    def hand_back(self) -> str:
        """Return the job to the front of its lane, without using a retry."""
        with self.store.redis.pipeline() as pipe:
            try:
                pipe.watch(self.job.key)
                if not self.lease.is_valid(pipe):
                    return self.leave()
                pipe.multi()
                self.worker.cleanup_execution(self.job, pipe, self.execution)
                pipe.hset(self.job.key, "status", JobStatus.QUEUED.value)
                self.queue.push_job_id(self.job.id, pipeline=pipe, at_front=True)
                pipe.execute()
            except WatchError:  # it was cancelled meanwhile
                return self.leave()
        return "handed_back"


def refuse_unreadable(store: Store, job_id: str, error: Exception) -> None:
    """Fail a job whose hash RQ cannot read."""
    log.warning("job %s cannot be read: %s", job_id, error)
    refused = JobError(type=error_type(PayloadRefused()), detail=f"the job cannot be read: {error}")
    with store.redis.pipeline() as pipe:
        pipe.hset(Job.key_for(job_id), "status", JobStatus.FAILED.value)
        pipe.expire(Job.key_for(job_id), store.settings.result_ttl_s)
        store.records.failure(pipe, job_id, refused)
        pipe.execute()


def announce_end(store: Store, tables: SetTables, job_id: str) -> None:
    """Add an event to a job that this worker has ended or left, and to the sets to which it belongs."""
    with store.redis.pipeline(transaction=False) as pipe:
        pipe.hget(Job.key_for(job_id), "status")
        pipe.exists(names.job(job_id))
        status, has_record = pipe.execute()
    with store.redis.pipeline(transaction=False) as pipe:
        if status is None or STATUS.get(status.decode()) not in ("queued", "running"):
            pipe.srem(names.UNFINISHED, job_id)
        if has_record:
            store.records.notify(pipe, job_id)
        pipe.execute()
    tables.item_ended(job_id)
    if job_id.startswith("aggregate-"):
        tables.settle(job_id.removeprefix("aggregate-"))

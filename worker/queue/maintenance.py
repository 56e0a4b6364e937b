"""Maintenance of the queue: recovers jobs of vanished workers and jobs that are in no list.

RQ's own maintenance is not used: two processes that run it at once retry a job twice, it pauses for a quarter of
an hour if the process that ran it was killed, and it does not find jobs popped by a worker that died before it
recorded them. Here each step is a transaction that fails if the worker is alive after all.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from redis.exceptions import WatchError
from rq import Queue
from rq.exceptions import NoSuchJobError
from rq.job import Job, JobStatus
from rq.job_lifecycle import record_job_failure
from rq.registry import FailedJobRegistry, FinishedJobRegistry, StartedJobRegistry
from rq.utils import as_text, now
from rq.worker_registration import clean_worker_registry

from worker.queue.retention import Retention
from worker.queue.sets.tables import SetTables
from worker.queue.store import names
from worker.queue.store.records import LOST
from worker.queue.store.store import Store

TRIMMED_AT_ONCE = 100  # expired entries of a listing
RUNS_PER_LEASE = 6


@dataclass(frozen=True)
class Maintenance:
    """One pass over all jobs; any number of processes may run it at once."""

    store: Store
    tables: SetTables
    retention: Retention

    def run_if_due(self) -> None:
        """Run unless any process did so within a sixth of a lease.

        Called by a background thread of the service and by workers, never within a request.
        """
        every_s = self.store.settings.lease_s / RUNS_PER_LEASE
        if self.store.redis.set(names.MAINTAINED, "", nx=True, px=max(1, round(every_s * 1000))):
            self.run()

    def run(self) -> None:
        """Retry or fail abandoned jobs, announce ended ones, extend what is needed, and delete expired entries."""
        for lane in self.store.lanes.values():
            for execution in self._expired(lane):
                self._abandon(lane, execution)
            FinishedJobRegistry(queue=lane).cleanup()
            FailedJobRegistry(queue=lane).cleanup()
            clean_worker_registry(lane)
        self._sweep()
        self.retention.run()
        for set_id in self.store.redis.smembers(names.SETS_UNFINISHED):
            self.tables.settle(as_text(set_id))
        for listing in (names.LISTED, names.LISTED_SETS):
            self._trim(listing)

    def _expired(self, lane: Queue) -> list[str]:
        """Return the executions (job:execution) whose lease has expired."""
        found: Any = self.store.redis.zrangebyscore(StartedJobRegistry(queue=lane).key, 0, time.time())
        return [as_text(execution) for execution in found]

    def _abandon(self, lane: Queue, execution: str) -> None:
        """Take a job from a worker that has been silent for a lease."""
        job_id, key = execution.rpartition(":")[0], StartedJobRegistry(queue=lane).key
        with self.store.redis.pipeline() as pipe:
            try:
                pipe.watch(Job.key_for(job_id))  # each renewal of the lease modifies it
                found: Any = pipe.zrange(key, 0, -1, withscores=True)
                leases = {as_text(name): float(until) for name, until in found}
                if leases.get(execution, time.time()) >= time.time():
                    return
                is_elsewhere = any(
                    name.startswith(f"{job_id}:") and until >= time.time() for name, until in leases.items()
                )
                is_started = pipe.hget(Job.key_for(job_id), "status") == JobStatus.STARTED.value.encode()
                pipe.multi()
                pipe.zrem(key, execution)
                if is_started and not is_elsewhere:
                    self._retry_or_fail(pipe, lane, job_id)
                pipe.execute()
            except (WatchError, NoSuchJobError):  # the worker is alive, or another process was faster
                return
        self._announce(job_id)

    def _retry_or_fail(self, pipe: Any, lane: Queue, job_id: str) -> None:
        """Within a transaction: retry a job whose worker vanished, or fail it."""
        job = Job.fetch(job_id, connection=self.store.redis, serializer=lane.serializer)
        if job.should_retry:
            job.retry(lane, pipe)
            return
        job.ended_at = now()
        record_job_failure(job, LOST.detail, pipe)
        self.store.records.failure(pipe, job_id, LOST)
        pipe.incr(names.ABANDONED)
        pipe.srem(names.UNFINISHED, job_id)

    def _sweep(self) -> None:
        """Check every unfinished job: recover those that have been in no list for a lease."""
        redis = self.store.redis
        ids = sorted(as_text(job_id) for job_id in redis.smembers(names.UNFINISHED))
        held, missing = self._held(), set(map(as_text, redis.hkeys(names.MISSING)))
        for job_id, status in zip(ids, self.store.records.statuses(ids), strict=True):
            if status not in ("queued", "running"):
                redis.srem(names.UNFINISHED, job_id)
                self._announce(job_id)
            elif job_id in held:
                if job_id in missing:
                    redis.hdel(names.MISSING, job_id)
            elif self._missing_s(job_id) > self.store.settings.lease_s:
                self._recover(job_id)

    def _held(self) -> set[str]:
        """Return the ids of jobs that wait in a lane or are being run."""
        found: set[str] = set()
        for lane in self.store.lanes.values():
            found |= set(map(as_text, self.store.redis.lrange(lane.key, 0, -1)))
            executions: Any = self.store.redis.zrange(StartedJobRegistry(queue=lane).key, 0, -1)
            found |= {as_text(execution).rpartition(":")[0] for execution in executions}
        return found

    def _missing_s(self, job_id: str) -> float:
        """Return for how long a job has been in no list."""
        self.store.redis.hsetnx(names.MISSING, job_id, str(time.time()))
        since = self.store.redis.hget(names.MISSING, job_id)
        return time.time() - float(since) if since else 0.0

    def _recover(self, job_id: str) -> None:
        """Requeue a job that a worker popped and never began."""
        with self.store.redis.pipeline() as pipe:
            try:
                pipe.watch(Job.key_for(job_id))
                job = Job.fetch(job_id, connection=self.store.redis)
                if job_id in self._held() or job.get_status() not in (JobStatus.QUEUED, JobStatus.STARTED):
                    return
                pipe.multi()
                pipe.hset(Job.key_for(job_id), "status", JobStatus.QUEUED.value)
                pipe.lpush(Queue(job.origin, connection=self.store.redis).key, job_id)
                pipe.hdel(names.MISSING, job_id)
                pipe.execute()
            except (WatchError, NoSuchJobError):
                return
        self._announce(job_id)

    def _announce(self, job_id: str) -> None:
        """Add an event to a job and to the sets to which it belongs."""
        if self.store.redis.exists(names.job(job_id)):
            self.store.records.notify(self.store.redis, job_id)
        self.tables.item_ended(job_id)

    def _trim(self, listing: str) -> None:
        """Remove the oldest entries of a listing whose records have expired."""
        oldest: Any = self.store.redis.zrange(listing, 0, TRIMMED_AT_ONCE - 1)
        for job_id in map(as_text, oldest):
            if not self.store.redis.exists(names.job(job_id)):
                self.store.redis.zrem(listing, job_id)

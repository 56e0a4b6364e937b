"""What keeps jobs from being lost: of vanished workers, and those that fell between two lists.

RQ's own maintenance is not used: two processes that do it at once retry a job twice, it waits for a quarter of an
hour where the process that did it was killed, and it knows nothing of jobs that were popped by a worker which died
before it wrote so down. Here each step is a transaction that fails where the worker is alive after all.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from redis.exceptions import WatchError
from rq import Queue
from rq.exceptions import NoSuchJobError
from rq.job import Job, JobStatus
from rq.job_lifecycle import record_job_failure
from rq.registry import FailedJobRegistry, FinishedJobRegistry, StartedJobRegistry
from rq.utils import as_text, now
from rq.worker_registration import clean_worker_registry

from worker.queue import names
from worker.queue.records import LOST
from worker.queue.retention import Upkeep

if TYPE_CHECKING:
    from worker.queue.evaluations import JobQueue

TRIMMED_AT_ONCE = 100  # entries of a list whose jobs' time is over


@dataclass(frozen=True)
class Maintenance:
    """One round over all jobs; any number of processes may do it at once."""

    queue: JobQueue

    def run(self) -> None:
        """Give back or fail what was abandoned, tell of what has ended, and forget what is over."""
        for lane in self.queue.lanes.values():
            for execution in self._expired(lane):
                self._abandon(lane, execution)
            FinishedJobRegistry(queue=lane).cleanup()
            FailedJobRegistry(queue=lane).cleanup()
            clean_worker_registry(lane)
        self._sweep()
        Upkeep(self.queue).run()
        for set_id in self.queue.redis.smembers(names.SETS_UNFINISHED):
            self.queue.sets.settle(as_text(set_id))
        for listed in (names.LISTED, names.LISTED_SETS):
            self._trim(listed)

    def _expired(self, lane: Queue) -> list[str]:
        """Return what is being run, as job:execution, without a lease."""
        found: Any = self.queue.redis.zrangebyscore(StartedJobRegistry(queue=lane).key, 0, time.time())
        return [as_text(execution) for execution in found]

    def _abandon(self, lane: Queue, execution: str) -> None:
        """Take a job from a worker that has been silent for a lease."""
        job_id, key = execution.rpartition(":")[0], StartedJobRegistry(queue=lane).key
        with self.queue.redis.pipeline() as pipe:
            try:
                pipe.watch(Job.key_for(job_id))  # which the worker touches with each renewal
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
                    self._give_back(pipe, lane, job_id)
                pipe.execute()
            except (WatchError, NoSuchJobError):  # it lives, or somebody else was faster
                return
        self._tell(job_id)

    def _give_back(self, pipe: Any, lane: Queue, job_id: str) -> None:
        """Within a transaction: retry a job whose worker is gone, or fail it."""
        job = Job.fetch(job_id, connection=self.queue.redis, serializer=lane.serializer)
        if job.should_retry:
            job.retry(lane, pipe)
            return
        job.ended_at = now()
        record_job_failure(job, LOST.detail, pipe)
        self.queue.records.failure(pipe, job_id, LOST)
        pipe.incr(names.ABANDONED)
        pipe.srem(names.UNFINISHED, job_id)

    def _sweep(self) -> None:
        """Look at every job that has not ended: is it anywhere?"""
        redis = self.queue.redis
        ids = sorted(as_text(job_id) for job_id in redis.smembers(names.UNFINISHED))
        places, missing = self._places(), set(map(as_text, redis.hkeys(names.MISSING)))
        for job_id, status in zip(ids, self.queue.records.statuses(ids), strict=True):
            if status not in ("queued", "running"):
                redis.srem(names.UNFINISHED, job_id)
                self._tell(job_id)
            elif job_id in places:
                if job_id in missing:
                    redis.hdel(names.MISSING, job_id)
            elif self._missing_s(job_id) > self.queue.settings.lease_s:
                self._recover(job_id)

    def _places(self) -> set[str]:
        """Return the jobs that are in some list."""
        found: set[str] = set()
        for lane in self.queue.lanes.values():
            found |= set(map(as_text, self.queue.redis.lrange(lane.key, 0, -1)))
            executions: Any = self.queue.redis.zrange(StartedJobRegistry(queue=lane).key, 0, -1)
            found |= {as_text(execution).rpartition(":")[0] for execution in executions}
        return found

    def _missing_s(self, job_id: str) -> float:
        """Return for how long a job has been in no list."""
        self.queue.redis.hsetnx(names.MISSING, job_id, str(time.time()))
        since = self.queue.redis.hget(names.MISSING, job_id)
        return time.time() - float(since) if since else 0.0

    def _recover(self, job_id: str) -> None:
        """Put a job that a worker took, and did not begin, back where it was."""
        with self.queue.redis.pipeline() as pipe:
            try:
                pipe.watch(Job.key_for(job_id))
                job = Job.fetch(job_id, connection=self.queue.redis)
                if job_id in self._places() or job.get_status() not in (JobStatus.QUEUED, JobStatus.STARTED):
                    return
                pipe.multi()
                pipe.hset(Job.key_for(job_id), "status", JobStatus.QUEUED.value)
                pipe.lpush(Queue(job.origin, connection=self.queue.redis).key, job_id)
                pipe.hdel(names.MISSING, job_id)
                pipe.execute()
            except (WatchError, NoSuchJobError):
                return
        self._tell(job_id)

    def _tell(self, job_id: str) -> None:
        """Say that a job is elsewhere than it was."""
        if self.queue.redis.exists(names.job(job_id)):
            self.queue.records.notify(self.queue.redis, job_id)
        self.queue.sets.item_ended(job_id)

    def _trim(self, listed: str) -> None:
        """Forget the oldest entries of a list whose time is over."""
        oldest: Any = self.queue.redis.zrange(listed, 0, TRIMMED_AT_ONCE - 1)
        for job_id in map(as_text, oldest):
            if not self.queue.redis.exists(names.job(job_id)):
                self.queue.redis.zrem(listed, job_id)

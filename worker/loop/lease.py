"""Lease on a job. Expires unless renewed; revoked when the job is cancelled or lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from redis import Redis
from redis.exceptions import WatchError
from rq.executions import Execution
from rq.job import Job, JobStatus
from rq.utils import now

from worker.loop.renewal import RENEWALS_PER_LEASE
from worker.queue.errors import Taken


class JobLease:
    """One worker's right to run one job.

    `holder` is the worker's name. `heartbeat(seconds, pipeline=)` extends the worker's registration, as RQ's does.
    """

    def __init__(
        self,
        redis: Redis,
        job: Job,
        execution: Execution,
        *,
        holder: str,
        lease_s: int,
        heartbeat: Callable[..., Any],
    ) -> None:
        self._redis, self._job, self._execution = redis, job, execution
        self._holder, self._lease_s, self._heartbeat = holder, lease_s, heartbeat
        self._renewed = time.monotonic()

    def keep(self) -> None:
        """Check that the job is still this worker's, and renew the lease if a sixth of it is over.

        Raises:
            Taken: the job was cancelled, or given to another worker.
        """
        if time.monotonic() - self._renewed > self._lease_s / RENEWALS_PER_LEASE:
            self.renew()
        elif not self.is_valid(self._redis):
            raise Taken("the job is no longer this worker's")

    def renew(self) -> None:
        """Restart the lease.

        Raises:
            Taken: the job was cancelled, or given to another worker.
        """
        with self._redis.pipeline() as pipe:
            while True:
                try:
                    pipe.watch(self._job.key)
                    if not self.is_valid(pipe):
                        raise Taken("the job is no longer this worker's")
                    pipe.multi()
                    self._heartbeat(self._lease_s, pipeline=pipe)
                    self._execution.heartbeat(self._job.started_job_registry, self._lease_s, pipeline=pipe)
                    self._job.heartbeat(now(), self._lease_s, pipeline=pipe)
                    pipe.execute()
                except WatchError:  # the job was cancelled or given away meanwhile
                    continue
                break
        self._renewed = time.monotonic()

    def is_valid(self, connection: Any) -> bool:
        """Return whether the job is running at this worker."""
        status, worker = connection.hmget(self._job.key, "status", "worker_name")
        return (status, worker) == (JobStatus.STARTED.value.encode(), self._holder.encode())

"""A worker's right to a job: short, renewed while the worker goes on, gone when the job is cancelled or lost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from redis.exceptions import WatchError
from rq.executions import Execution
from rq.job import Job, JobStatus
from rq.utils import now

from worker.loop.renewal import RENEWALS_A_LEASE
from worker.queue.errors import HandedBack, Taken

if TYPE_CHECKING:
    from worker.loop.process import ResidentWorker


class JobLease:
    """The right to one job."""

    def __init__(self, worker: ResidentWorker, job: Job, execution: Execution) -> None:
        self._worker, self._job, self._execution = worker, job, execution
        self._renewed = time.monotonic()

    def check(self) -> None:
        """Keep the job, unless the worker is to end.

        Raises:
            Taken: the job was cancelled, or given to another worker.
            HandedBack: the worker is to end.
        """
        self._worker.pulse.beat()
        if self._worker.is_to_end:
            raise HandedBack("the worker ends")
        self.keep()

    def keep(self) -> None:
        """Make sure that the job is still this worker's; renew the lease where a part of it is over.

        Raises:
            Taken: the job was cancelled, or given to another worker.
        """
        if time.monotonic() - self._renewed > self._worker.settings.lease_s / RENEWALS_A_LEASE:
            self.renew()
        elif not self.is_mine(self._worker.connection):
            raise Taken("the job is no longer this worker's")

    def renew(self) -> None:
        """Begin the lease again, which leaves that long for what comes next.

        Raises:
            Taken: there is none to renew.
        """
        worker, lease_s = self._worker, self._worker.settings.lease_s
        with worker.connection.pipeline() as pipe:
            while True:
                try:
                    pipe.watch(self._job.key)
                    if not self.is_mine(pipe):
                        raise Taken("the job is no longer this worker's")
                    pipe.multi()
                    worker.heartbeat(lease_s, pipeline=pipe)
                    self._execution.heartbeat(self._job.started_job_registry, lease_s, pipeline=pipe)
                    self._job.heartbeat(now(), lease_s, pipeline=pipe)
                    pipe.execute()
                except WatchError:  # cancelled, or given away, just now
                    continue
                break
        self._renewed = time.monotonic()

    def is_mine(self, connection: Any) -> bool:
        """Tell whether the job runs, and here."""
        status, worker = connection.hmget(self._job.key, "status", "worker_name")
        return (status, worker) == (JobStatus.STARTED.value.encode(), self._worker.name.encode())

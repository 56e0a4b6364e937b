"""A worker's right to a job: short, renewed while the worker goes on, gone when the job is cancelled or lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from redis.exceptions import WatchError
from rq.executions import Execution
from rq.job import Job, JobStatus
from rq.utils import now

from worker.errors import AWAY, HandedBack, Taken
from worker.pulse import SILENT_S

if TYPE_CHECKING:
    from worker.process import ResidentWorker

RENEWALS_A_LEASE = 6


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

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """Renew the lease beside the work, since one batch may outlast it; not where the work hangs."""
        ends = Event()
        thread = Thread(target=self._renew_until, args=(ends,), name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ends.set()
            thread.join()  # what follows tells a cancelled job by a change of its hash

    def _renew_until(self, ends: Event) -> None:
        while not ends.wait(self._worker.settings.lease_s / RENEWALS_A_LEASE):
            if self._worker.pulse.silent_s() >= SILENT_S:
                continue
            try:
                self.renew()
            except Taken:  # which the work finds out between two batches
                return
            except AWAY:  # Redis may come back; the work meets with it too
                continue

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

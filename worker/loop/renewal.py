"""Thread that renews the lease of the running job, since one batch may take longer than a lease."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from typing import Protocol

from worker.loop.heartbeat import SILENT_S, Heartbeat
from worker.queue.errors import AWAY, Taken

RENEWALS_PER_LEASE = 6

log = logging.getLogger("worker")


class Lease(Protocol):
    """Something to renew."""

    def renew(self) -> None:
        """Restart the lease; raises Taken if it was revoked."""


class Renewal:
    """One thread for the life of the worker.

    Not one per job: Python waits for ever for a thread that dies at its start for lack of memory.
    """

    def __init__(self, lease_s: int, heartbeat: Heartbeat) -> None:
        self._every_s, self._heartbeat = lease_s / RENEWALS_PER_LEASE, heartbeat
        self._lease: Lease | None = None
        self._lock = Lock()
        self._stop = Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the thread during the block."""
        thread = Thread(target=self._run, name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    @contextmanager
    def of(self, lease: Lease) -> Iterator[None]:
        """Renew a lease during the block, unless the working thread hangs."""
        self._lease = lease
        try:
            yield
        finally:
            with self._lock:  # no renewal after the block: it would modify a hash that is watched for cancellation
                self._lease = None

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            with self._lock:
                if self._lease and self._heartbeat.silent_s() < SILENT_S:
                    self._renew(self._lease)

    def _renew(self, lease: Lease) -> None:
        try:
            with suppress(Taken, *AWAY):  # the working thread meets either itself; Redis may return before that
                lease.renew()
        except Exception:  # the thread must survive for the next jobs
            log.exception("a lease was not renewed")

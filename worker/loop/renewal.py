"""The thread that renews the lease of the job that runs, since one batch may outlast it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from typing import Protocol

from worker.loop.heartbeat import SILENT_S, Pulse
from worker.queue.errors import AWAY, Taken

RENEWALS_A_LEASE = 6

log = logging.getLogger("worker")


class Lease(Protocol):
    """What can be renewed."""

    def renew(self) -> None:
        """Begin it again; raises Taken where there is none any more."""


class Renewal:
    """One thread for the worker's life: Python waits for ever for one that short memory kills at its start."""

    def __init__(self, lease_s: int, pulse: Pulse) -> None:
        self._every_s, self._pulse = lease_s / RENEWALS_A_LEASE, pulse
        self._lease: Lease | None = None
        self._turn = Lock()
        self._ends = Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let the thread live."""
        thread = Thread(target=self._run, name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ends.set()
            thread.join()

    @contextmanager
    def of(self, lease: Lease) -> Iterator[None]:
        """Renew a lease beside the work; not where the work hangs."""
        self._lease = lease
        try:
            yield
        finally:
            with self._turn:  # what follows tells a cancelled job by a change of its hash
                self._lease = None

    def _run(self) -> None:
        while not self._ends.wait(self._every_s):
            with self._turn:
                if self._lease and self._pulse.silent_s() < SILENT_S:
                    self._renew(self._lease)

    def _renew(self, lease: Lease) -> None:
        try:
            with suppress(Taken, *AWAY):  # the work meets with either; Redis may come back before
                lease.renew()
        except Exception:  # the next jobs need this thread
            log.exception("a lease was not renewed")

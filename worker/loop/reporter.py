"""What happens between two batches: progress is told, the lease renewed, and the work ended if it is not wanted."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from worker.queue.contracts.state import Progress

CHECK_S = 0.05  # between two looks at the job, or a batch, whichever is longer
TELL_S = 0.5  # between two words on progress


class Lease(Protocol):
    """A worker's right to a job."""

    def check(self) -> None:
        """Make sure that the job is still this worker's, and remains so for a while.

        Raises:
            Taken: it is not.
            HandedBack: the worker is to end.
        """


class Reporter:
    """The callback of one job, for one thread; called as (stage, done, total), in forwards."""

    def __init__(self, lease: Lease, tell: Callable[[Progress], None]) -> None:
        self._lease, self._tell = lease, tell
        self._first: tuple[float, int] | None = None  # when forwards were told of, and how many
        self._checked = self._told = float("-inf")
        self._stage = ""
        self.forwards = 0  # of the whole, as far as it is known

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Tell and look, unless that was done just now.

        Raises:
            Taken: the job was cancelled, or given to another worker.
            HandedBack: the worker is to end.
        """
        now = time.monotonic()
        self.forwards = total
        if done and self._first is None:
            self._first = now, done
        if now - self._checked < CHECK_S:
            return
        self._lease.check()
        self._checked = now
        if now - self._told >= TELL_S or stage != self._stage:
            self._tell(Progress(stage=stage, done=done, total=total, eta_s=self._eta_s(now, done, total)))
            self._told, self._stage = now, stage

    def _eta_s(self, now: float, done: int, total: int) -> float | None:
        """Go by the mean rate since the first forwards: the network's loading and warming up say nothing of it."""
        if self._first is None or not self._first[1] < done <= total:
            return None
        began, first = self._first
        return round((now - began) / (done - first) * (total - done), 1)

"""Progress reports between batches: publish progress and check that the job may go on."""

from __future__ import annotations

import time
from collections.abc import Callable

from worker.queue.contracts.state import Progress

CHECK_S = 0.05  # shortest interval between two checks
PUBLISH_S = 0.5  # shortest interval between two progress reports


class ProgressReporter:
    """Callback of one job, for one thread; called as (stage, done, total) with counts of forward passes."""

    def __init__(
        self,
        check: Callable[[], None],
        publish: Callable[[Progress], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._check, self._publish, self._clock = check, publish, clock
        self._first: tuple[float, int] | None = None  # time (s) and count of the first report with forwards
        self._checked = self._published = float("-inf")
        self._stage = ""
        self.forwards = 0  # total of the job, as far as known

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Check and publish, unless that was done recently.

        Raises:
            Taken: the job was cancelled, or given to another worker.
            HandedBack: the worker stops.
        """
        now = self._clock()
        self.forwards = total
        if done and self._first is None:
            self._first = now, done
        if now - self._checked < CHECK_S:
            return
        self._check()
        self._checked = now
        if now - self._published >= PUBLISH_S or stage != self._stage:
            self._publish(Progress(stage=stage, done=done, total=total, eta_s=self._eta_s(now, done, total)))
            self._published, self._stage = now, stage

    def _eta_s(self, now: float, done: int, total: int) -> float | None:
        """Extrapolate the mean rate since the first forwards, which leaves out loading and warm-up."""
        if self._first is None or not self._first[1] < done <= total:
            return None
        began, first = self._first
        return round((now - began) / (done - first) * (total - done), 1)

"""One thread that looks at the queue: it keeps the registries in order, and a view that others may read at once."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from threading import Event, Thread
from time import monotonic

from service.errors import QueueAway
from worker.queue.contracts.state import WorkerState
from worker.queue.errors import AWAY
from worker.queue.job_queue import JobQueue
from worker.queue.store.store import Lane

LOOK_S = 1.0  # between two looks
MAINTAIN_S = 5.0  # between two rounds of maintenance
STOP_S = 3.0  # for the look under way when the process ends
STALE_S = 15.0  # a look that takes longer than that: Redis accepts connections and does not answer
AWAY_DETAIL = "Redis does not answer; what it had accepted is not lost, and predictions go on"
AWAY_RETRY_S = 5

logger = logging.getLogger("labn.queue")


@dataclass(frozen=True, kw_only=True)
class QueueView:
    """The queue as it was a moment ago."""

    depths: dict[Lane, int]
    oldest_age_s: float
    forward_s: dict[str, float]  # in the last evaluations, by the model's version
    workers: list[WorkerState]
    abandoned: int  # jobs that have failed because their workers vanished
    taken_at: float = field(default_factory=monotonic)


class QueueWatch:
    """The thread. Nothing that serves a request waits for it, or for Redis, to know how the queue is."""

    def __init__(self, jobs: JobQueue) -> None:
        self._jobs = jobs
        self._view: QueueView | None = None
        self._has_looked = False
        self._was_there = True
        self._maintained_at = -MAINTAIN_S
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="labn-queue-watch", daemon=True)

    @property
    def view(self) -> QueueView | None:
        """The queue as it was at the last look; None while Redis is away."""
        view = self._view
        return view if view and monotonic() - view.taken_at < STALE_S else None

    def require_there(self) -> None:
        """Let a request for the queue in, unless the last look found nobody there.

        Raises:
            QueueAway: Redis did not answer.
        """
        if self._has_looked and self.view is None:
            raise QueueAway(AWAY_DETAIL, retry_after_s=AWAY_RETRY_S)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the look that it is taking."""
        self._stopping.set()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._look()
            except AWAY as error:
                self._notice(there=False, reason=str(error))
            except Exception:  # of one round: the next one may go well, and without this thread jobs could be lost
                logger.exception("the look at the queue failed")
                self._view = None
            self._has_looked = True
            self._stopping.wait(LOOK_S)

    def _look(self) -> None:
        jobs = self._jobs
        self._view = QueueView(
            depths=jobs.monitor.depths(),
            oldest_age_s=jobs.monitor.oldest_age_s(),
            forward_s=jobs.store.timings.forward_s(),
            workers=jobs.monitor.workers(),
            abandoned=jobs.monitor.abandoned(),
        )
        self._notice(there=True, reason="")
        if monotonic() - self._maintained_at > MAINTAIN_S:
            jobs.maintenance.run_if_due()
            self._maintained_at = monotonic()

    def _notice(self, *, there: bool, reason: str) -> None:
        """Log the first look that finds Redis away, and the first that finds it back."""
        if not there:
            self._view = None
        if there != self._was_there:
            logger.warning("Redis is back" if there else f"Redis is away: {reason}")
        self._was_there = there

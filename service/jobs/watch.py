"""Background thread that polls the queue: runs its maintenance, and keeps a snapshot for requests to read."""

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

POLL_S = 1.0
MAINTAIN_S = 5.0  # between two maintenance runs
STOP_S = 3.0  # for a running poll when the process ends
STALE_S = 15.0  # a poll that takes longer: Redis accepts connections and does not answer

logger = logging.getLogger("labn.queue")


@dataclass(frozen=True, kw_only=True)
class QueueView:
    """Snapshot of the queue."""

    depths: dict[Lane, int]
    oldest_age_s: float
    forward_s: dict[str, float]  # of one forward pass in the last evaluations, by model version
    workers: list[WorkerState]
    abandoned: int  # jobs that failed because their workers vanished
    taken_at: float = field(default_factory=monotonic)


class QueueWatch:
    """The polling thread. Requests read its snapshot and never wait for it or for Redis."""

    def __init__(self, jobs: JobQueue) -> None:
        self._jobs = jobs
        self._view: QueueView | None = None
        self._has_polled = False
        self._was_up = True
        self._maintained_at = -MAINTAIN_S
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="labn-queue-watch", daemon=True)

    @property
    def view(self) -> QueueView | None:
        """Last snapshot of the queue; None while Redis is away."""
        view = self._view
        return view if view and monotonic() - view.taken_at < STALE_S else None

    def require_redis(self) -> None:
        """Check that Redis answered at the last poll.

        Raises:
            QueueAway: it did not.
        """
        if self._has_polled and self.view is None:
            raise QueueAway

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread after its current poll."""
        self._stopping.set()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._poll()
            except AWAY as error:
                self._note(is_up=False, reason=str(error))
            except Exception:  # the next poll may succeed, and without this thread jobs could be lost
                logger.exception("polling the queue failed")
                self._view = None
            self._has_polled = True
            self._stopping.wait(POLL_S)

    def _poll(self) -> None:
        jobs = self._jobs
        self._view = QueueView(
            depths=jobs.monitor.depths(),
            oldest_age_s=jobs.monitor.oldest_age_s(),
            forward_s=jobs.store.timings.forward_s(),
            workers=jobs.monitor.workers(),
            abandoned=jobs.monitor.abandoned(),
        )
        self._note(is_up=True, reason="")
        if monotonic() - self._maintained_at > MAINTAIN_S:
            jobs.maintenance.run_if_due()
            self._maintained_at = monotonic()

    def _note(self, *, is_up: bool, reason: str) -> None:
        """Log the first poll that finds Redis away, and the first that finds it back."""
        if not is_up:
            self._view = None
        if is_up != self._was_up:
            logger.warning("Redis is back" if is_up else f"Redis is away: {reason}")
        self._was_up = is_up

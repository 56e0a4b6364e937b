"""Where the process stands between its start and its end."""

from __future__ import annotations

from enum import Enum

from service.errors import NotReady

RETRY_AFTER_S = 2  # a start or a hand-over to the next process takes about as long


class Phase(Enum):
    """The life of a process, in order; FAILED is the other end."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    FAILED = "failed"


class Lifecycle:
    """The phase, and how many requests are under way. Belongs to the event loop's thread."""

    def __init__(self) -> None:
        self.phase = Phase.STARTING
        self.under_way = 0  # requests

    def finish_warm_up(self) -> None:
        """Become ready, unless the end came first."""
        if self.phase is Phase.STARTING:
            self.phase = Phase.READY

    def require_ready(self) -> None:
        """Let a prediction in.

        Raises:
            NotReady: the service is starting, draining or broken.
        """
        if self.phase is not Phase.READY:
            raise NotReady(f"the service is {self.phase.value}", retry_after_s=RETRY_AFTER_S)

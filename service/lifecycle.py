"""Phase of the process: starting, ready, draining or failed."""

from __future__ import annotations

from enum import Enum

from service.errors import NotReady

RETRY_AFTER_S = 2  # about as long as a start, or a hand-over to the next process


class Phase(Enum):
    """Phases of a process, in order. FAILED follows STARTING when the warm-up fails."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    FAILED = "failed"


class Lifecycle:
    """Current phase and number of requests in flight. Used by the event loop's thread only."""

    def __init__(self) -> None:
        self.phase = Phase.STARTING
        self.in_flight = 0  # requests

    def finish_warm_up(self) -> None:
        """Become ready, unless the process is already draining."""
        if self.phase is Phase.STARTING:
            self.phase = Phase.READY

    def require_ready(self) -> None:
        """Check that predictions can be served.

        Raises:
            NotReady: the service is starting, draining or broken.
        """
        if self.phase is not Phase.READY:
            raise NotReady(f"the service is {self.phase.value}", retry_after_s=RETRY_AFTER_S)

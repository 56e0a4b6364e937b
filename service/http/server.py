"""uvicorn server with a graceful shutdown that the load balancer can see."""

from __future__ import annotations

import logging
from time import monotonic
from types import FrameType

import uvicorn

from service.lifecycle import Lifecycle, Phase

CUT_S = 1  # for open connections, once their requests have finished or timed out

logger = logging.getLogger("labn.service")


class DrainingServer(uvicorn.Server):
    """Drains on the first signal: /readyz answers 503 and running requests finish. The second signal ends at once.

    The socket keeps listening meanwhile, so that load balancers can poll /readyz. The exit status is always 0:
    a shutdown by signal is not a failure.
    """

    def __init__(self, config: uvicorn.Config, lifecycle: Lifecycle, *, grace_s: float) -> None:
        config.timeout_graceful_shutdown = CUT_S
        super().__init__(config)
        self._lifecycle = lifecycle
        self._grace_s = grace_s
        self._deadline: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  (uvicorn's signature)
        """Start to drain. Replaces uvicorn's handler, which would raise the signal again at the end."""
        if self._deadline is not None:
            self.should_exit = self.force_exit = True
            return
        self._lifecycle.phase = Phase.DRAINING
        self._deadline = monotonic() + self._grace_s
        logger.info("draining: %d requests in flight", self._lifecycle.in_flight)

    async def on_tick(self, counter: int) -> bool:
        """Return whether to end. Called by uvicorn ten times a second."""
        ended = await super().on_tick(counter)
        drained = self._deadline is not None and (not self._lifecycle.in_flight or monotonic() > self._deadline)
        return ended or drained

"""uvicorn, with an end that lets requests finish and tells the load balancer first."""

from __future__ import annotations

import logging
from time import monotonic
from types import FrameType

import uvicorn

from service.lifecycle import Lifecycle, Phase

CUT_S = 1  # for the connections themselves, once their requests have finished or run out of time

logger = logging.getLogger("labn.service")


class DrainingServer(uvicorn.Server):
    """On the first signal /readyz turns 503 and requests under way finish; on the second all is cut.

    The socket keeps listening meanwhile, so that /readyz can be asked. The exit status is 0 in every case:
    being told to end is no failure.
    """

    def __init__(self, config: uvicorn.Config, lifecycle: Lifecycle, *, grace_s: float) -> None:
        config.timeout_graceful_shutdown = CUT_S
        super().__init__(config)
        self._lifecycle = lifecycle
        self._grace_s = grace_s
        self._deadline: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  (uvicorn's signature)
        """Begin to drain, in place of uvicorn's handler, which would raise the signal again at the end."""
        if self._deadline is not None:
            self.should_exit = self.force_exit = True
            return
        self._lifecycle.phase = Phase.DRAINING
        self._deadline = monotonic() + self._grace_s
        logger.info("draining: %d requests under way", self._lifecycle.under_way)

    async def on_tick(self, counter: int) -> bool:
        """Say whether to end; uvicorn asks ten times a second."""
        ended = await super().on_tick(counter)
        drained = self._deadline is not None and (not self._lifecycle.under_way or monotonic() > self._deadline)
        return ended or drained

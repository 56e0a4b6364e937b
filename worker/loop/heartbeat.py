"""Liveness of the working thread."""

from __future__ import annotations

import time

SILENT_S = 120.0  # longer than any batch and than loading any network; a thread silent for longer hangs


class Heartbeat:
    """Time of the last sign of life; written by the working thread, read by any."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def beat(self) -> None:
        """Record a sign of life."""
        self._last = time.monotonic()

    def silent_s(self) -> float:
        """Return the seconds since the last sign of life."""
        return time.monotonic() - self._last

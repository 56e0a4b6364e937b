"""When a worker's own thread was last heard of."""

from __future__ import annotations

import time

SILENT_S = 120.0  # longer than any batch and the loading of any network: the process hangs


class Pulse:
    """Beaten by the one thread that works; read by any."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def beat(self) -> None:
        """Say that the thread goes on."""
        self._last = time.monotonic()

    def silent_s(self) -> float:
        """Return for how long it has not been heard of."""
        return time.monotonic() - self._last

"""Bound on the number of concurrent requests of one kind."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from service.errors import QueueFull


class Admission:
    """A fixed number of slots. Used by the event loop's thread only, so it needs no lock.

    A request holds its slot from before the upload until its answer is finished, so the slots bound the memory of
    uploads and decoded images as well as the waiting time. A cancelled request frees its slot at once.
    """

    def __init__(self, *, slots: int, seconds_per_request: Callable[[], float]) -> None:
        self.slots = slots
        self.taken = 0
        self._seconds_per_request = seconds_per_request

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold one slot.

        Raises:
            QueueFull: all are taken; `retry_after_s` is the expected time until these requests are served.
        """
        if self.taken >= self.slots:
            raise QueueFull(f"all {self.slots} slots are taken", retry_after_s=self.retry_after_s())
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1

    def retry_after_s(self) -> int:
        """Return slots taken times seconds per request, at least 1."""
        return max(1, math.ceil(self.taken * self._seconds_per_request()))

"""How many requests of a kind may be under way: a bounded number of places, each given back whatever happens."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from service.errors import QueueFull


class Admission:
    """The places. Belongs to the event loop's thread, so it needs no lock.

    A place is held from before the upload to the finished answer, so it bounds the memory of uploads and
    decoded pictures as well as the wait; a request that is cancelled gives its place back at once.
    """

    def __init__(self, *, places: int, seconds_per_image: Callable[[], float]) -> None:
        self.places = places
        self.taken = 0
        self._seconds_per_image = seconds_per_image

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one place.

        Raises:
            QueueFull: with the seconds after which those waiting now will have been served.
        """
        if self.taken >= self.places:
            raise QueueFull(f"all {self.places} places are taken", retry_after_s=self.retry_after_s())
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1

    def retry_after_s(self) -> int:
        """Return the queue's length times the measured seconds an image, at least 1."""
        return max(1, math.ceil(self.taken * self._seconds_per_image()))

"""Progress of work with several stages."""

from __future__ import annotations

from collections.abc import Callable

from model.runtime.progress import Progress

StageProgress = Callable[[str, int, int], None]  # (stage, done, total) of the whole; an exception stops the work


class Meter:
    """Progress of an evaluation with several stages, in forwards."""

    def __init__(self, total: int, progress: StageProgress) -> None:
        self._total, self._progress, self._begun = total, progress, 0

    def part(self, stage: str, forwards: int) -> Progress:
        """Start the next stage, of that many forwards, and return its progress callback."""
        start = self._begun
        self._begun += forwards

        def tell(done: int, total: int) -> None:
            self._progress(stage, start + forwards * done // total, self._total)

        tell(0, 1)
        return tell


def ignore_stages(stage: str, done: int, total: int) -> None:
    """Do nothing."""

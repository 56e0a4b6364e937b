"""How far work of several parts is."""

from __future__ import annotations

from collections.abc import Callable

from model.runtime.progress import Progress

StageProgress = Callable[[str, int, int], None]  # (stage, done, total) of the whole; may raise, which ends the work


class Meter:
    """Where an evaluation of several parts is, in forwards."""

    def __init__(self, total: int, progress: StageProgress) -> None:
        self._total, self._progress, self._begun = total, progress, 0

    def part(self, stage: str, forwards: int) -> Progress:
        """Begin the next part, worth that many forwards; return what it tells how far it is."""
        start = self._begun
        self._begun += forwards

        def tell(done: int, total: int) -> None:
            self._progress(stage, start + forwards * done // total, self._total)

        tell(0, 1)
        return tell


def ignore_stages(stage: str, done: int, total: int) -> None:
    """Tell nobody."""

"""Progress callback of long-running work."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]  # (done, total) between batches; an exception stops the work


def ignore(done: int, total: int) -> None:
    """Do nothing."""

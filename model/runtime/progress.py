"""How long work tells where it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]  # (done, total) between batches; may raise, which ends the work


def ignore(done: int, total: int) -> None:
    """Tell nobody."""

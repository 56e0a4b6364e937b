"""Partial insertion and deletion curves, published while PID runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from model.metrics.curve import CurvePair, Floats

Known = Mapping[int, tuple[float, float]]  # count -> insertion, deletion
OnPoints = Callable[[Known], None]  # called with all points measured so far; an exception stops the run


def in_pieces(curves: CurvePair, piece: int, on_points: OnPoints) -> CurvePair:
    """Return the same curves, measured `piece` counts at a time with a call of `on_points` after each piece."""
    known: dict[int, tuple[float, float]] = {}

    def measure(counts: Sequence[int]) -> Floats:
        for start in range(0, len(counts), piece):
            some = counts[start : start + piece]
            known.update(zip(some, map(tuple, curves(some).T.tolist()), strict=True))
            on_points(known)
        return np.array([known[n] for n in counts]).T

    return measure

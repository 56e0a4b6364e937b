"""Areas under curves over patch counts, and adaptive choice of the counts.

A pair of curves is (2, K): insertion and deletion, at K of the counts 0..N.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
CurvePair = Callable[[Sequence[int]], Floats]  # counts (K,) -> curves (2, K)

SHARE = 5  # the adaptive counts are at most one in so many
AT_LEAST = 48  # counts; fewer patches than that are all looked at
ROUND = 16  # counts, or an eighth of those known: what is added before the next look at the errors
TRUSTED = 256  # counts; with fewer, what lies between them may be missed, and the estimate with it
TOLERANCE = 0.002  # of the score: with an error estimate under it nothing is refined
DEVIATIONS = 2.0  # of what is irregular, in the error estimate


def area(counts: Sequence[int] | Counts, curve: Floats) -> float:
    """Eq. (7): area under a curve (K,), trapezoidal rule on x = n / N. Mirrored curves have equal areas."""
    n = [int(count) for count in counts]
    terms = (
        (n[i + 1] - n[i]) * (left + right)
        for i, (left, right) in enumerate(zip(curve[:-1].tolist(), curve[1:].tolist(), strict=True))
    )
    return math.fsum(terms) / (2 * n[-1])


def every(step: int, patches: int) -> list[int]:
    """Every step-th count and both ends."""
    return sorted({*range(0, patches, step), patches})


def is_symmetric(counts: Sequence[int] | None) -> bool:
    """Tell whether counts are the same under n -> N - n, as the adaptive ones (None) are.

    Only then the reverse of an order has exactly the negative score.
    """
    return counts is None or [counts[-1] - n for n in reversed(counts)] == list(counts)


def adaptive(curves: CurvePair, patches: int) -> tuple[list[int], Floats]:
    """Measure both curves at even counts, then where they bend, until the error is small or the budget spent.

    The counts stay symmetric under n -> N - n, so that an order and its reverse are looked at in the same places.

    Returns:
        the counts, both ends among them, and the curves there.
    """
    budget = adaptive_budget(patches)
    known: dict[int, tuple[float, float]] = {}

    def look(counts: Sequence[int]) -> None:
        known.update(zip(counts, map(tuple, curves(counts).T.tolist()), strict=True))

    look(_evenly(min(budget // 2, TRUSTED), patches) if budget <= patches else range(patches + 1))
    while True:
        counts = sorted(known)
        found = np.array([known[n] for n in counts]).T
        wanted = _between(counts, found, min(max(ROUND, len(counts) // 8), budget - len(counts)))
        if not wanted or (len(counts) >= TRUSTED and error_estimate(counts, found) < TOLERANCE):
            return counts, found
        look(wanted)


def adaptive_budget(patches: int) -> int:
    """Return the largest number of counts of 0..N to measure: a fifth, but at least AT_LEAST."""
    return min(patches + 1, max(AT_LEAST, patches // SHARE))


def error_estimate(counts: Sequence[int] | Counts, curves: Floats) -> float:
    """Estimate how far the score, area of insertion minus area of deletion, is from that of all counts.

    How far a point lies off the line through its neighbours tells what a gap beside it may hide. If the curve is
    smooth these distances add up, a sixth of each times its gap (the trapezoid's own error); what is irregular
    adds up in quadrature. 0 where no count was left out, 1 where the ends alone are known.
    """
    n = np.asarray(counts)
    gaps = np.where(np.diff(n) > 1, np.diff(n), 0) / n[-1]
    if not gaps.any() or len(n) == 2:
        return float(gaps.any())
    off = _off_line(n, curves[0] - curves[1])
    left, right = np.append(off[0], off), np.append(off, off[-1])
    smooth = abs(float((gaps * (left + right)).sum())) / 12
    irregular = math.sqrt(float((gaps**2 * (left**2 + right**2)).sum()) / 2)
    return smooth + DEVIATIONS * irregular


def _off_line(n: Counts, curve: Floats) -> Floats:
    """Distance of each inner point from the line through its neighbours: (..., K) -> (..., K - 2)."""
    weight = (n[1:-1] - n[:-2]) / (n[2:] - n[:-2])
    return np.asarray(curve[..., 1:-1] - curve[..., :-2] * (1 - weight) - curve[..., 2:] * weight)


def _evenly(count: int, patches: int) -> list[int]:
    """Return about that many even, symmetric counts from 0 to N."""
    half = [i * patches // (count - 1) for i in range((count + 1) // 2)]
    return sorted({*half, *(patches - n for n in half)})


def _between(counts: list[int], curves: Floats, room: int) -> list[int]:
    """Return up to `room` new counts: the middles of the gaps with the largest possible error, mirrored too."""
    n = np.array(counts)
    gaps = np.diff(n)
    if gaps.max() == 1:
        return []
    off = np.abs(_off_line(n, curves)).sum(axis=0)
    hidden = np.where(gaps > 1, gaps * np.maximum(np.append(off[0], off), np.append(off, off[-1])), 0.0)
    hidden += hidden[::-1]
    wanted: set[int] = set()
    for gap in np.argsort(-hidden, kind="stable"):
        middle = (counts[gap] + counts[gap + 1]) // 2
        pair = {middle, counts[-1] - middle}
        if not hidden[gap] > 0 or len(wanted | pair) > room:
            break
        wanted |= pair
    return sorted(wanted)

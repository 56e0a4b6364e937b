"""Statistics of scores over images: bootstrap intervals, paired tests, random bands.

Scores are (N,), one per image; pairs are of the same network and the same images.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.errors import MetricError
from model.metrics.classification import Interval

Floats = NDArray[np.float64]

EXACT_UP_TO = 16  # images: all 2^N signs are gone through
CHUNK = 1000  # rounds held in memory at once


class PairedDifference(NamedTuple):
    """Difference of two methods' mean scores."""

    mean: Interval
    p_value: float  # two-sided


def mean_interval(
    scores: Sequence[float] | Floats, *, rounds: int = 10_000, level: float = 0.95, seed: int = 0
) -> Interval:
    """Mean of scores with its percentile bootstrap interval, images drawn with replacement.

    Raises:
        MetricError: no scores, or some that are not finite.
    """
    values = _finite(scores)
    generator = np.random.default_rng(seed)
    means = [
        values[generator.integers(0, len(values), (size, len(values)))].mean(axis=1) for size in _chunks(rounds)
    ]
    low, high = np.quantile(np.concatenate(means), [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(values.mean()), float(low), float(high))


def paired_difference(
    first: Sequence[float] | Floats,
    second: Sequence[float] | Floats,
    *,
    rounds: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> PairedDifference:
    """Mean of first - second over the same images, its interval, and the p-value of the sign-flip test.

    Raises:
        MetricError: not as many of one as of the other, none, or some that are not finite.
    """
    if len(first) != len(second):
        raise MetricError(f"{len(first)} scores cannot be paired with {len(second)}")
    differences = _finite(first) - _finite(second)
    interval = mean_interval(differences, rounds=rounds, level=level, seed=seed)
    return PairedDifference(interval, sign_flip_test(differences, rounds=rounds, seed=seed))


def sign_flip_test(differences: Sequence[float] | Floats, *, rounds: int = 10_000, seed: int = 0) -> float:
    """Two-sided p-value that differences of paired scores (N,) are symmetric around 0, by the size of their mean.

    Exact for few images; for more, random signs with the +1 of Phipson and Smyth (2010), so never 0.

    Raises:
        MetricError: no differences, or some that are not finite.
    """
    values = _finite(differences)
    observed = abs(values.sum()) - 1e-12 * np.abs(values).sum()  # a sum in another order is still the same sum
    if len(values) <= EXACT_UP_TO:
        flips = np.arange(2 ** len(values))[:, None] >> np.arange(len(values)) & 1
        return float((np.abs((1 - 2 * flips) @ values) >= observed).mean())
    generator = np.random.default_rng(seed)
    extreme = 0
    for size in _chunks(rounds):
        signs = 1 - 2 * generator.integers(0, 2, (size, len(values)))
        extreme += int((np.abs(signs @ values) >= observed).sum())
    return (extreme + 1) / (rounds + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values of several tests, in their order, so that 5 % is the chance of any false one (Holm 1979)."""
    adjusted, largest = [0.0] * len(p_values), 0.0
    for tests_before, place in enumerate(np.argsort(p_values, kind="stable").tolist()):
        largest = max(largest, min(1.0, (len(p_values) - tests_before) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def random_band(
    scores: Sequence[float] | Floats, *, level: float = 0.95, mirrored: bool = False
) -> tuple[float, float]:
    """Return the interval (low, high) that contains `level` of the scores of random orders.

    Weibull quantiles, limited to the lowest and highest score.

    Args:
        scores: of random orders; for a level of 0.95 at least 39 of them, mirrored ones 20.
        level: share of them inside.
        mirrored: each score stands for its negative too: true of PID under protocol "paper", where the reverse
            of a random order is as random.

    Raises:
        MetricError: no scores, or some that are not finite.
    """
    values = _finite(scores)
    values = np.concatenate([values, -values]) if mirrored else values
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2], method="weibull")
    return float(low), float(high)


def _finite(scores: Sequence[float] | Floats) -> Floats:
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise MetricError("statistics need a list of finite scores, at least one")
    return values


def _chunks(rounds: int) -> list[int]:
    return [min(CHUNK, rounds - start) for start in range(0, rounds, CHUNK)]

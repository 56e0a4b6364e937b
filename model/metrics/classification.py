"""Classification metrics of two classes, with bootstrap intervals. All arrays are (N,)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Statistic = Callable[[Labels, Floats], float]


class Interval(NamedTuple):
    """A figure and its percentile bootstrap interval."""

    value: float
    low: float
    high: float


def auroc(labels: Labels, scores: Floats) -> float:
    """Probability that a positive scores over a negative; ties count half.

    Raises:
        ValueError: one class is missing, or a score is NaN.
    """
    if np.isnan(scores).any():
        raise ValueError("auroc of scores that are NaN")
    positives, negatives = scores[labels == 1], scores[labels == 0]
    if not len(positives) or not len(negatives):
        raise ValueError("auroc needs both classes")
    ordered = np.sort(negatives)
    below = np.searchsorted(ordered, positives, side="left")
    not_above = np.searchsorted(ordered, positives, side="right")
    return float((below + not_above).mean() / (2 * len(negatives)))


def macro_auroc(labels: Labels, probabilities: Floats) -> float:
    """AUROC of probabilities (N, K): of class 1 for two classes, else the mean of each class against the rest.

    Raises:
        ValueError: a class is missing.
    """
    classes = range(1, 2) if probabilities.shape[1] == 2 else range(probabilities.shape[1])
    return float(np.mean([auroc((labels == k).astype(np.int64), probabilities[:, k]) for k in classes]))


def accuracy(labels: Labels, scores: Floats, threshold: float = 0.5) -> float:
    """Share of images on the right side of the threshold."""
    return float(((scores >= threshold) == (labels == 1)).mean())


def sensitivity(labels: Labels, scores: Floats, threshold: float = 0.5) -> float:
    """Share of positives at or over the threshold."""
    return float((scores[labels == 1] >= threshold).mean())


def specificity(labels: Labels, scores: Floats, threshold: float = 0.5) -> float:
    """Share of negatives under the threshold."""
    return float((scores[labels == 0] < threshold).mean())


def balanced_accuracy(labels: Labels, scores: Floats, threshold: float = 0.5) -> float:
    """Mean of sensitivity and specificity."""
    return (sensitivity(labels, scores, threshold) + specificity(labels, scores, threshold)) / 2


def true_skill_statistic(labels: Labels, scores: Floats, threshold: float = 0.5) -> float:
    """Sensitivity + specificity - 1, the figure of flare forecasts: 0 by chance, however rare positives are."""
    return sensitivity(labels, scores, threshold) + specificity(labels, scores, threshold) - 1


def brier_score(labels: Labels, scores: Floats) -> float:
    """Mean squared distance of probability and outcome (Brier 1950)."""
    return float(((scores - labels) ** 2).mean())


def expected_calibration_error(labels: Labels, scores: Floats, bins: int = 10) -> float:
    """Mean distance of probability and frequency over equal-width bins, weighted by their counts."""
    places = np.minimum((scores * bins).astype(int), bins - 1)
    error = 0.0
    for place in np.unique(places):
        chosen = places == place
        error += chosen.mean() * abs(scores[chosen].mean() - labels[chosen].mean())
    return float(error)


def youden_threshold(labels: Labels, scores: Floats) -> float:
    """Return the operating point: the threshold of the largest sensitivity + specificity (Youden 1950).

    It lies midway between two neighbouring scores; of several equally good ones, the middle one.
    """
    levels = np.unique(scores)
    candidates = np.concatenate([levels[:1], (levels[1:] + levels[:-1]) / 2])
    gains = np.array([balanced_accuracy(labels, scores, threshold) for threshold in candidates])
    best = candidates[gains >= gains.max() - 1e-12]
    return float(best[len(best) // 2])


def bootstrap_interval(
    statistic: Statistic,
    labels: Labels,
    scores: Floats,
    *,
    rounds: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap of a statistic, images drawn within each class so that no class goes missing."""
    generator = np.random.default_rng(seed)
    classes = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    values = np.empty(rounds)
    for i in range(rounds):
        drawn = np.concatenate([generator.choice(places, len(places)) for places in classes])
        values[i] = statistic(labels[drawn], scores[drawn])
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(statistic(labels, scores), float(low), float(high))

"""Logistic regression, to ask what simple features tell of a label."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def fit_logistic(features: Floats, labels: npt.NDArray[np.int_]) -> Floats:
    """Newton's method with a ridge."""
    weights = np.zeros(features.shape[1])
    for _ in range(20):
        probability = 1 / (1 + np.exp(-features @ weights))
        gradient = features.T @ (probability - labels) + 0.1 * weights
        curvature = (features * (probability * (1 - probability))[:, None]).T @ features
        weights -= np.linalg.solve(curvature + 0.1 * np.eye(len(weights)), gradient)
    return weights

"""Protocol "published": PID as the authors' code computes it, bug for bug, to compare with the paper's figures.

It differs from the paper in this: the curve begins at step + 1 patches and ends with all, the last count may
come twice, equally strong patches go together (so a constant map goes at once and gets the best score there
is), and the points count as evenly spaced.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from model.errors import MetricError
from model.metrics.patches import PatchGrid

# The authors' steps for square images: px of a side -> patch size -> step.
RECOMMENDED_STEPS = {
    224: {1: 500, 2: 100, 4: 20, 8: 10, 16: 5, 32: 1},
    512: {1: 10000, 2: 2500, 4: 500, 8: 100, 16: 20, 32: 10, 64: 5, 128: 1},
}
COUNTS = 100  # of other sizes: at 224x224 the authors' steps leave 39 to 157


def published_counts(step: int, patches: int) -> list[int]:
    """Return the counts n of the curves' points.

    Raises:
        MetricError: that makes a single point, under which there is no area.
    """
    points = math.ceil(patches / step)
    if points < 2:
        raise MetricError(f'protocol "published" needs a step under the {patches} patches, not {step}')
    return [min(step * (i + 1), patches - 1) + 1 for i in range(points)]


def published_area(curve: NDArray[np.float64]) -> float:
    """Area under a curve (K,) as if its points were evenly spaced from 0 to 1."""
    return float((curve.sum() - curve[0] / 2 - curve[-1] / 2) / (len(curve) - 1))


def recommended_step(grid: PatchGrid) -> int:
    """Return the authors' step; for other sizes a step that leaves about as many counts."""
    steps = RECOMMENDED_STEPS.get(grid.height, {}) if grid.height == grid.width else {}
    return steps.get(grid.patch_size) or max(1, grid.count // COUNTS)

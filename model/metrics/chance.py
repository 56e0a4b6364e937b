"""What PID gives to orders that know nothing of the image."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.metrics.patches import PatchGrid
from model.metrics.perturbation import evaluate_ends
from model.metrics.pid import patch_insertion_deletion
from model.target_probability import Predict


def random_order_scores(
    predict: Predict, image: Tensor, blank: Tensor, *, patch_size: int, orders: int, seed: int = 0, **options: Any
) -> NDArray[np.float64]:
    """Return the scores of random orders (orders,), of which `statistics.random_band` makes a band.

    Args:
        predict: normalised images (N, C, H, W) -> probability of the target (N,).
        image: (C, H, W), normalised.
        blank: (C, H, W), normalised.
        patch_size: m in px.
        orders: how many.
        seed: of the first order; the next has the next seed.
        options: as of `patch_insertion_deletion`.
    """
    grid = PatchGrid(image.shape[-2], image.shape[-1], patch_size)
    options = {"ends": evaluate_ends(predict, image, blank)} | options
    scores = []
    for order in range(orders):
        places = torch.randperm(grid.count, generator=torch.Generator().manual_seed(seed + order))
        saliency = grid.spread(places)
        result = patch_insertion_deletion(predict, image, saliency, blank, patch_size=patch_size, **options)
        scores.append(result.score)
    return np.array(scores)

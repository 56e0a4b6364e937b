"""PID of random patch orders: the baseline of chance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.metrics.patches import PatchGrid
from model.metrics.perturbation import evaluate_ends
from model.metrics.pid import DEFAULTS, PidOptions, patch_insertion_deletion
from model.target_probability import Predict


def random_order_scores(
    predict: Predict,
    image: Tensor,
    blank: Tensor,
    *,
    patch_size: int,
    orders: int,
    seed: int = 0,
    options: PidOptions = DEFAULTS,
    **settings: Any,
) -> NDArray[np.float64]:
    """Return the scores of random orders, (orders,), for `statistics.random_band`.

    Args:
        predict: normalised images (N, C, H, W) -> probability of the target (N,).
        image: (C, H, W), normalised.
        blank: (C, H, W), normalised.
        patch_size: m in px.
        orders: number of orders.
        seed: of the first order; each further order uses the next seed.
        options: of `patch_insertion_deletion`.
        settings: protocol, step and batch_size of `patch_insertion_deletion`.
    """
    grid = PatchGrid(image.shape[-2], image.shape[-1], patch_size)
    options = replace(options, ends=options.ends or evaluate_ends(predict, image, blank))
    scores = []
    for order in range(orders):
        places = torch.randperm(grid.count, generator=torch.Generator().manual_seed(seed + order))
        saliency = grid.spread(places)
        result = patch_insertion_deletion(
            predict, image, saliency, blank, patch_size=patch_size, options=options, **settings
        )
        scores.append(result.score)
    return np.array(scores)

"""Effect of blurring a map on its scores: section 4.4 of the longer paper (Iida et al., ACCV 2022).

With patches of one pixel, insertion by a fine map gives scattered pixels in which the network recognises nothing
until many are present. A blurred copy carries less information but inserts connected regions. With patches as large
as the structures that the network recognises, both maps insert whole structures and the coarse map loses its
advantage.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from torch import Tensor

from model.metrics.blanks import blurred
from model.metrics.patches import PatchGrid, fit
from model.metrics.perturbation import evaluate_ends
from model.metrics.pid import DEFAULTS, PatchInsertionDeletion, PidOptions, patch_insertion_deletion
from model.target_probability import Predict


class BlurEffect(NamedTuple):
    """Scores of a map and of its blurred copy at one patch size."""

    patch_size: int
    fine: PatchInsertionDeletion
    blurred: PatchInsertionDeletion

    @property
    def insertion_gain(self) -> float:
        """Area under insertion of the blurred map minus that of the fine one."""
        return self.blurred.insertion - self.fine.insertion

    @property
    def gain(self) -> float:
        """PID of the blurred map minus that of the fine one."""
        return self.blurred.score - self.fine.score


def blur_effects(
    predict: Predict,
    image: Tensor,
    saliency: Tensor,
    blank: Tensor,
    *,
    patch_sizes: Sequence[int],
    sigma_px: float,
    points: int = 64,
    options: PidOptions = DEFAULTS,
    **settings: Any,
) -> list[BlurEffect]:
    """Score a map and its blurred copy at each patch size, protocol "paper".

    Args:
        predict: normalised images (N, C, H, W) -> probability of the target (N,).
        image: (C, H, W), normalised.
        saliency: (H, W), or (h, w) upsampled bilinearly.
        blank: (C, H, W), normalised.
        patch_sizes: m in px.
        sigma_px: standard deviation of the Gaussian blur.
        points: about the number of points per curve. Two maps need about four times as many forwards.
        options: of `patch_insertion_deletion`.
        settings: batch_size of `patch_insertion_deletion`.

    Raises:
        MetricError: the map is not finite, or sizes do not fit.
        NonFiniteOutput: a probability is NaN or infinite.
    """
    height, width = image.shape[-2:]
    whole = fit(saliency.detach().float().to(image.device), height, width)
    maps = [whole, blurred(whole.unsqueeze(0), sigma_px)[0]]
    options = replace(options, ends=options.ends or evaluate_ends(predict, image, blank))
    effects = []
    for m in patch_sizes:
        step = math.ceil(PatchGrid(height, width, m).count / points)
        scores = [
            patch_insertion_deletion(
                predict, image, each, blank, patch_size=m, step=step, options=options, **settings
            )
            for each in maps
        ]
        effects.append(BlurEffect(m, *scores))
    return effects

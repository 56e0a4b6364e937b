"""What a blur does to a map's scores: section 4.4 of Iida et al. (ACCV 2022).

Where single pixels are put onto a blank one by one, those of a fine map are scattered, and the network recognises
nothing in them until much else is there; a blurred copy, which knows less, puts them in one after the other in
connected spots. With patches as large as what the network recognises both show it at once, and the advantage of
being coarse is gone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from torch import Tensor

from model.metrics.blanks import blurred
from model.metrics.patches import PatchGrid, fit
from model.metrics.perturbation import evaluate_ends
from model.metrics.pid import PatchInsertionDeletion, patch_insertion_deletion
from model.target_probability import Predict


class BlurEffect(NamedTuple):
    """A map and its blurred copy, scored at one patch size."""

    patch_size: int
    fine: PatchInsertionDeletion
    blurred: PatchInsertionDeletion

    @property
    def insertion_gain(self) -> float:
        """How much the blur adds to the area under insertion."""
        return self.blurred.insertion - self.fine.insertion

    @property
    def gain(self) -> float:
        """How much the blur adds to PID."""
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
    **options: Any,
) -> list[BlurEffect]:
    """Score a map and its blurred copy under protocol "paper", once a patch size.

    Args:
        predict: normalised images (N, C, H, W) -> probability of the target (N,).
        image: (C, H, W), normalised.
        saliency: (H, W), or (h, w) upsampled bilinearly.
        blank: (C, H, W), normalised.
        patch_sizes: m in px.
        sigma_px: standard deviation of the Gaussian that blurs the map.
        points: of each curve, at most one more: two maps need about four times as many forwards a patch size.
        options: further ones of `patch_insertion_deletion`.

    Raises:
        MetricError: the map is not finite, or sizes do not fit.
        NonFiniteOutput: a probability is NaN or infinite.
    """
    height, width = image.shape[-2:]
    whole = fit(saliency.detach().float().to(image.device), height, width)
    maps = [whole, blurred(whole.unsqueeze(0), sigma_px)[0]]
    ends = evaluate_ends(predict, image, blank)
    effects = []
    for m in patch_sizes:
        step = math.ceil(PatchGrid(height, width, m).count / points)
        scores = [
            patch_insertion_deletion(predict, image, each, blank, patch_size=m, step=step, ends=ends, **options)
            for each in maps
        ]
        effects.append(BlurEffect(m, *scores))
    return effects

"""Warnings about scores that are less reliable than they look."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from torch import Tensor

from model.evaluation.result import MethodEvaluation
from model.metrics.perturbation import Ends

ENOUGH_ORDERS = 39  # random orders, for both 2.5 % quantiles
COARSE = 0.05  # error estimate of a score above which a warning is given
TIED = 0.05  # share of tied patches above which a warning is given, protocol "published"


def mask_warnings(mask: Tensor | None) -> list[str]:
    """Warn if no pixel of the mask is set."""
    if mask is None or bool(mask.any()):
        return []
    return ["no pixel of the mask that the network sees is bright (level 128 or more): nothing is localised"]


def random_band_warnings(random_orders: int) -> list[str]:
    """Warn if there are too few random orders for a 95 % band."""
    if not 0 < random_orders < ENOUGH_ORDERS:
        return []
    return [f"the random band is of {random_orders} orders, narrower than 95 %: take {ENOUGH_ORDERS} or more"]


def evaluation_warnings(ends: Ends, methods: Mapping[str, MethodEvaluation]) -> list[str]:
    """Return sentences about scores that are less reliable than they look."""
    warnings = [
        f"{name}: the map is constant, its order of patches says nothing"
        for name, method in methods.items()
        if np.ptp(method.saliency) == 0
    ]
    warnings += [
        f"{name}: m = {score.patch_size}: too few counts, the score may be {score.error_estimate:.2f} off"
        for name, method in methods.items()
        for score in method.scores
        if score.error_estimate is not None and score.error_estimate > COARSE
    ]
    warnings += [
        f"{name}: m = {score.patch_size}: {score.tied_fraction:.0%} of the patches are tied and go together, which "
        f'protocol "published" rewards'
        for name, method in methods.items()
        for score in method.scores
        if score.protocol == "published" and score.tied_fraction > TIED
    ]
    if ends.blank >= ends.full:
        warnings.append(
            f"the blank alone is taken for the target (p = {ends.blank:.3f}) as readily as the image "
            f"(p = {ends.full:.3f}): areas under the curves say little"
        )
    return warnings

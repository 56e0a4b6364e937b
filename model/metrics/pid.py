"""Patch insertion-deletion (PID): section 3.3 of Iida et al. (ACCV 2022), eq. (7)-(9).

Insertion puts the patches of an image onto a blank, those first where the map is strongest; deletion takes
them away in the same order. PID = area under insertion - area under deletion of p(target) over n patches.
With patches of one pixel it is the Insertion-Deletion score of Petsiuk et al. (BMVC 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

import numpy as np
from torch import Tensor

from model.errors import MetricError
from model.metrics.curve import Counts, CurvePair, Floats, adaptive, adaptive_budget, area, error_estimate, every
from model.metrics.partial_curves import CurvesGrow, told
from model.metrics.patches import PatchGrid, fit, ranks, tied_fraction
from model.metrics.perturbation import Cut, Ends, PerturbedImage
from model.metrics.published_protocol import published_area, published_counts, recommended_step
from model.runtime.progress import Progress, ignore
from model.target_probability import Predict

Protocol = Literal["paper", "published"]
TieRule = Literal["symmetric", "row_major", "random"]
NamedStep = Literal["auto", "recommended"]
Step = int | NamedStep


@dataclass(frozen=True, kw_only=True, eq=False)
class PatchInsertionDeletion:
    """A pair of curves and the areas under them; K points."""

    protocol: Protocol
    patch_size: int  # m
    patches: int  # N
    step: Step
    n: Counts  # (K,) patches inserted or deleted
    insertion_curve: Floats  # (K,) p(target)
    deletion_curve: Floats  # (K,)
    insertion: float  # area under the curve
    deletion: float
    error_estimate: float | None  # of the score, for the counts left out; None under "published": it is its points
    tied_fraction: float  # of the patches, those as strong as another
    ends: Ends  # p of the whole image and of the blank, for the next curves of this image
    forwards: int  # images that were shown to the network

    @property
    def score(self) -> float:
        """PID, -1..1; the higher, the more the map tells of what the network goes by."""
        return self.insertion - self.deletion


def patch_insertion_deletion(
    predict: Predict,
    image: Tensor,
    saliency: Tensor,
    blank: Tensor,
    *,
    patch_size: int,
    protocol: Protocol = "paper",
    step: Step = 1,
    batch_size: int = 32,
    ties: TieRule = "symmetric",
    seed: int = 0,
    ends: Ends | None = None,
    progress: Progress = ignore,
    grow: CurvesGrow | None = None,
) -> PatchInsertionDeletion:
    """Measure how well a map says what a network goes by.

    Args:
        predict: normalised images (N, C, H, W) -> probability of the target (N,). The images lie in a buffer that
            is filled again for the next batch.
        image: (C, H, W), normalised.
        saliency: (H, W), or (h, w), which is first upsampled bilinearly.
        blank: (C, H, W), normalised.
        patch_size: m in px; 1 is Insertion-Deletion.
        protocol: "paper", or "published": what the authors' code computes.
        step: look at every step-th count; "recommended" is the authors' step, which leaves some hundred counts;
            "auto" looks where the curves bend, and under "published" is the recommended one. A step that does not
            divide N leaves counts that are not symmetric: a constant map then scores 0, and a reversed order the
            negative, only nearly.
        batch_size: perturbed images a batch.
        ties: the order of equally strong patches. "symmetric": the mean of the curves of row-major and reversed
            order. "published" lets them go together, whatever is said here.
        seed: of random ties.
        ends: from earlier curves of the same image, blank and target, which saves two forwards.
        progress: told (forwards done, forwards at most) behind each batch.
        grow: told the points of the curves that are known, every two batches or so.

    Raises:
        MetricError: the map is not finite, or sizes or settings do not fit.
        NonFiniteOutput: a probability is NaN or infinite.
    """
    _check(image, blank, protocol, step, batch_size, ties)
    blank = blank.to(image)
    grid = PatchGrid(image.shape[-2], image.shape[-1], patch_size)
    strengths = grid.strongest(fit(saliency.detach().to(image.device), grid.height, grid.width))
    tied = tied_fraction(strengths)
    orders = _orders(strengths, protocol, ties if tied else "row_major", seed)
    counts = planned_counts(grid, protocol, step)
    looks = adaptive_budget(grid.count) if counts is None else len(counts)
    perturbed = PerturbedImage(
        predict,
        image,
        blank,
        grid,
        ends=ends,
        batch_size=batch_size,
        planned=2 * len(orders) * looks,
        progress=progress,
    )
    curves: CurvePair = partial(_curves, perturbed, orders)
    if grow:
        curves = told(curves, batch_size, grow)
    counts, found = adaptive(curves, grid.count) if counts is None else (counts, curves(counts))
    areas = [published_area(curve) if protocol == "published" else area(counts, curve) for curve in found]
    return PatchInsertionDeletion(
        protocol=protocol,
        patch_size=patch_size,
        patches=grid.count,
        step=step,
        n=np.array(counts),
        insertion_curve=found[0],
        deletion_curve=found[1],
        insertion=areas[0],
        deletion=areas[1],
        error_estimate=None if protocol == "published" else error_estimate(counts, found),
        tied_fraction=tied,
        ends=perturbed.ends,
        forwards=perturbed.forwards,
    )


def _check(image: Tensor, blank: Tensor, protocol: str, step: Step, batch_size: int, ties: str) -> None:
    """Refuse what cannot be measured.

    Raises:
        MetricError: naming it.
    """
    if image.ndim != 3 or image.shape != blank.shape:
        raise MetricError(f"image and blank are both (C, H, W), not {tuple(image.shape)} and {tuple(blank.shape)}")
    if protocol not in get_args(Protocol):
        raise MetricError(f"no protocol {protocol!r}; there are {', '.join(get_args(Protocol))}")
    if ties not in get_args(TieRule):
        raise MetricError(f"no tie rule {ties!r}; there are {', '.join(get_args(TieRule))}")
    if step not in get_args(NamedStep) and (type(step) is not int or step < 1):
        raise MetricError(f"step must be a whole number from 1, 'auto' or 'recommended', is {step!r}")
    if batch_size < 1:
        raise MetricError(f"batch_size must be at least 1, is {batch_size}")


def _orders(strengths: Tensor, protocol: Protocol, ties: TieRule, seed: int) -> list[Tensor]:
    """Return the orders whose curves are averaged, each as the patches' places (P,)."""
    if protocol == "published":
        return [ranks(strengths, "together")]
    if ties == "symmetric":
        return [ranks(strengths, "row_major"), ranks(strengths, "reversed")]
    return [ranks(strengths, ties, seed=seed)]


def _curves(perturbed: PerturbedImage, orders: Sequence[Tensor], counts: Sequence[int]) -> Floats:
    """Return insertion and deletion at these counts (2, K), each the mean over the orders."""
    cuts = [Cut(n, inserting) for inserting in (True, False) for n in counts]
    pairs = [perturbed.probabilities(order, cuts).reshape(2, -1) for order in orders]
    return np.asarray(np.mean(pairs, axis=0))


def planned_counts(grid: PatchGrid, protocol: Protocol, step: Step) -> list[int] | None:
    """Return the counts to look at; None where they are found on the way, `adaptive_budget` of them at most.

    Raises:
        MetricError: a single point is left.
    """
    if step == "auto" and protocol == "paper":
        return None
    stride = step if isinstance(step, int) else recommended_step(grid)
    return published_counts(stride, grid.count) if protocol == "published" else every(stride, grid.count)

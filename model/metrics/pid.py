"""Patch insertion-deletion (PID): section 3.2 of Iida et al. (JSAI 2022), eq. (7)-(9).

Insertion adds the image's patches to a blank in descending order of saliency; deletion removes them from the image
in the same order. PID, eq. (7), is the area under the insertion curve of p(target) minus that under the
deletion curve. With patches of one pixel it is the Insertion-Deletion score of Petsiuk et al. (BMVC 2018).
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
from model.metrics.partial_curves import OnPoints, in_pieces
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
    """Insertion and deletion curves of K points, and the areas under them."""

    protocol: Protocol
    patch_size: int  # m
    patches: int  # N
    step: Step
    n: Counts  # (K,) numbers of patches inserted or deleted
    insertion_curve: Floats  # (K,) p(target)
    deletion_curve: Floats  # (K,)
    insertion: float  # area under the curve
    deletion: float
    error_estimate: (
        float | None
    )  # of the score, from counts not measured; None under "published", defined by its points
    tied_fraction: float  # share of patches whose saliency equals another patch's
    ends: Ends  # p of the whole image and of the blank, reusable for further curves of this image
    forwards: int  # images passed through the network

    @property
    def score(self) -> float:
        """PID, -1..1; high if the map marks what the network relies on."""
        return self.insertion - self.deletion


@dataclass(frozen=True, kw_only=True)
class PidOptions:
    """Options of `patch_insertion_deletion` that are rarely changed."""

    ties: TieRule = (
        "symmetric"  # order of patches of equal saliency; ignored by "published", which moves them together
    )
    seed: int = 0  # of ties="random"
    ends: Ends | None = None  # from earlier curves of the same image, blank and target: saves two forwards
    progress: Progress = ignore  # called with (forwards done, most forwards needed) after each batch
    on_points: OnPoints | None = None  # called with the points measured so far, about every two batches


DEFAULTS = PidOptions()


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
    options: PidOptions = DEFAULTS,
) -> PatchInsertionDeletion:
    """Measure how well a saliency map marks what a network relies on.

    Args:
        predict: normalised images (N, C, H, W) -> probability of the target (N,). The images lie in a buffer that
            the next batch overwrites.
        image: (C, H, W), normalised.
        saliency: (H, W), or (h, w), which is upsampled bilinearly first.
        blank: (C, H, W), normalised.
        patch_size: m in px; 1 is Insertion-Deletion.
        protocol: "paper", or "published" to compute what the authors' code does.
        step: measure every step-th count. "recommended": the authors' step, about a hundred counts. "auto": more
            counts where the curves bend; under "published" the same as "recommended". If the step does not divide
            N, the counts are not symmetric: a constant map scores only nearly 0, and a reversed order only nearly
            the negative.
        batch_size: perturbed images per batch.
        options: ties, seed, known ends, callbacks.

    Raises:
        MetricError: the map is not finite, or sizes or settings do not fit.
        NonFiniteOutput: a probability is NaN or infinite.
    """
    _check(image, blank, protocol, step, batch_size, options.ties)
    blank = blank.to(image)
    grid = PatchGrid(image.shape[-2], image.shape[-1], patch_size)
    strengths = grid.strongest(fit(saliency.detach().to(image.device), grid.height, grid.width))
    tied = tied_fraction(strengths)
    orders = _orders(strengths, protocol, options.ties if tied else "row_major", options.seed)
    counts = planned_counts(grid, protocol, step)
    looks = adaptive_budget(grid.count) if counts is None else len(counts)
    perturbed = PerturbedImage(
        predict,
        image,
        blank,
        grid,
        ends=options.ends,
        batch_size=batch_size,
        planned=2 * len(orders) * looks,
        progress=options.progress,
    )
    curves: CurvePair = partial(_curves, perturbed, orders)
    if options.on_points:
        curves = in_pieces(curves, batch_size, options.on_points)
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
    """Check sizes and settings.

    Raises:
        MetricError: naming the wrong one.
    """
    if image.ndim != 3 or image.shape != blank.shape:
        raise MetricError(
            f"image and blank must both be (C, H, W), are {tuple(image.shape)} and {tuple(blank.shape)}"
        )
    if protocol not in get_args(Protocol):
        raise MetricError(f"no protocol {protocol!r}; choose from {', '.join(get_args(Protocol))}")
    if ties not in get_args(TieRule):
        raise MetricError(f"no tie rule {ties!r}; choose from {', '.join(get_args(TieRule))}")
    if step not in get_args(NamedStep) and (type(step) is not int or step < 1):
        raise MetricError(f"step must be a whole number from 1, 'auto' or 'recommended', is {step!r}")
    if batch_size < 1:
        raise MetricError(f"batch_size must be at least 1, is {batch_size}")


def _orders(strengths: Tensor, protocol: Protocol, ties: TieRule, seed: int) -> list[Tensor]:
    """Return the orders whose curves are averaged, each as the patches' ranks (P,)."""
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
    """Return the counts to measure; None if chosen adaptively, at most `adaptive_budget` of them.

    Raises:
        MetricError: only one point would be left.
    """
    if step == "auto" and protocol == "paper":
        return None
    stride = step if isinstance(step, int) else recommended_step(grid)
    return published_counts(stride, grid.count) if protocol == "published" else every(stride, grid.count)

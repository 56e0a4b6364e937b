"""One image: the maps of several methods and what patch insertion-deletion makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from model.checkpoint import LoadedCheckpoint
from model.evaluation.request import EvaluationRequest
from model.evaluation.result import (
    Band,
    CurvesFound,
    Evaluation,
    MethodEvaluation,
    ScoreFound,
    ignore_curves,
    ignore_score,
)
from model.explain.explainer import Explainer, stretch
from model.explain.random import seed_of
from model.explain.registry import METHODS
from model.images.normalisation import denormalise
from model.images.overlay import coverage
from model.metrics.blanks import blank_image
from model.metrics.chance import random_order_scores
from model.metrics.curve import is_symmetric
from model.metrics.localisation import Localisation, localise
from model.metrics.patches import PatchGrid
from model.metrics.perturbation import Ends, evaluate_ends
from model.metrics.pid import PatchInsertionDeletion, patch_insertion_deletion, planned_counts
from model.metrics.statistics import random_band
from model.network import LambdaAbn
from model.runtime.progress import Progress, ignore
from model.runtime.stages import Meter, StageProgress, ignore_stages
from model.target_probability import Predict, probability_of

FORMAT = 1  # of the document and of the numbers in it: another program's results are not resumed
ENOUGH_ORDERS = 39  # for both 2.5 % quantiles
COARSE = 0.05  # of a score's error estimate: a warning says so
TIED = 0.05  # share of the patches: a warning says so where it moves the score
TOLERANCE_PX = 4  # of the pointing game, at the network's input: a lesion is a few px wide


def evaluate_image(
    loaded: LoadedCheckpoint,
    image: Tensor,
    request: EvaluationRequest,
    progress: StageProgress = ignore_stages,
    mask: Tensor | None = None,
    found: ScoreFound = ignore_score,
    growing: CurvesFound = ignore_curves,
) -> Evaluation:
    """Explain an image by several methods and score each map.

    Args:
        loaded: the network, on the device where it shall run.
        image: (C, H, W), normalised.
        request: what to measure.
        progress: told (stage, forwards done, forwards at most) between batches; may raise, which ends the work.
        mask: (H, W) of bools, where the evidence lies: maps are compared with it.
        found: told each score of each method as soon as it is measured.
        growing: told the points of its curves while it is measured.

    Raises:
        ConfigurationError: the network has no such target.
        MetricError: a curve would have a single point, or a map is not finite.
        NonFiniteOutput: the network overflowed.
    """
    target = request.target_index(loaded.labels)
    meter = Meter(request.forwards(image.shape[-2], image.shape[-1]), progress)
    unusual = loaded.statistics.unusual(denormalise(image, loaded.preprocessing)) if loaded.statistics else []
    image = image.to(next(loaded.network.parameters()).device)
    target = _predicted(loaded.network, image) if target is None else target
    predict = probability_of(loaded.network, target)
    blank = blank_image(request.blank, image, loaded.preprocessing)
    is_masked = mask is not None and bool(mask.any())
    measure = Measurement(
        request=request,
        predict=predict,
        image=image,
        blank=blank,
        ends=evaluate_ends(predict, image, blank),
        mask=mask if is_masked else None,
        meter=meter,
        found=found,
        growing=growing,
    )
    methods = {name: measure.method(loaded.network, target, name) for name in request.methods}
    return Evaluation(
        label=loaded.labels[target],
        index=target,
        ends=measure.ends,
        blank=request.blank,
        methods=methods,
        random_bands=measure.random_bands(),
        provenance=_provenance(loaded, request, image.device.type),
        warnings=(*unusual, *_warnings(measure.ends, methods), *_mask_warnings(mask), *_band_warnings(request)),
    )


def _provenance(loaded: LoadedCheckpoint, request: EvaluationRequest, device: str) -> dict[str, Any]:
    return {
        "checkpoint": loaded.version,
        "network": loaded.config.preset,
        "request": request.to_dict(),
        "format": FORMAT,
        "device": device,
        "torch": torch.__version__,
    }


@dataclass(frozen=True, kw_only=True, eq=False)
class Measurement:
    """An image that is being evaluated."""

    request: EvaluationRequest
    predict: Predict
    image: Tensor  # (C, H, W)
    blank: Tensor  # (C, H, W)
    ends: Ends
    mask: Tensor | None  # (H, W), with something inside
    meter: Meter
    found: ScoreFound
    growing: CurvesFound

    def method(self, network: LambdaAbn, target: int, name: str) -> MethodEvaluation:
        """Make a method's map and score it at each patch size."""
        tell = self.meter.part(f"{name}: map", self.request.forwards_for_map(name))
        explain = explainer_of(self.request, name, tell)
        targets = torch.tensor([target], device=self.image.device)
        saliency = explain(network, self.image.unsqueeze(0), targets).detach()  # (1, H, W)
        scores = tuple(self._curves(name, saliency[0], patch_size) for patch_size in self.request.patch_sizes)
        shown = saliency if name == "attention" else stretch(saliency)
        return MethodEvaluation(
            saliency=saliency[0].float().cpu().numpy(),
            coverage=coverage(shown[0].cpu().numpy(), network.config.threshold),
            scores=scores,
            localisation=None if self.mask is None else self._localise(saliency[0], self.mask),
        )

    def random_bands(self) -> dict[int, Band]:
        """Score random orders at each patch size, if any are asked for."""
        if not self.request.random_orders:
            return {}
        return {m: random_band(self._random(m), mirrored=self._mirrors(m)) for m in self.request.patch_sizes}

    def _mirrors(self, patch_size: int) -> bool:
        """Tell whether a reversed order has the negative score."""
        grid = PatchGrid(self.image.shape[-2], self.image.shape[-1], patch_size)
        counts = planned_counts(grid, self.request.protocol, self.request.step)
        return self.request.protocol == "paper" and is_symmetric(counts)

    def _curves(self, name: str, saliency: Tensor, patch_size: int) -> PatchInsertionDeletion:
        options = self._options(f"{name}: m = {patch_size}", patch_size)
        patches = PatchGrid(self.image.shape[-2], self.image.shape[-1], patch_size).count
        grow = partial(self.growing, name, patch_size, patches)
        score = patch_insertion_deletion(self.predict, self.image, saliency, self.blank, grow=grow, **options)
        self.found(name, score)
        return score

    @staticmethod
    def _localise(saliency: Tensor, mask: Tensor) -> Localisation:
        return localise(saliency.float().cpu(), mask.cpu(), tolerance_px=TOLERANCE_PX)

    def _random(self, patch_size: int) -> list[float]:
        scores: list[float] = []
        first = seed_of(self.image, self.request.seed)
        for seed in range(first, first + self.request.random_orders):
            options = self._options(f"random orders: m = {patch_size}", patch_size)
            found = random_order_scores(self.predict, self.image, self.blank, orders=1, seed=seed, **options)
            scores += found.tolist()
        return scores

    def _options(self, stage: str, patch_size: int) -> dict[str, Any]:
        """Return how each pair of curves is measured, and begin its part of the progress."""
        forwards = self.request.forwards_for_curves(self.image.shape[-2], self.image.shape[-1], patch_size)
        return {
            "patch_size": patch_size,
            "protocol": self.request.protocol,
            "step": self.request.step,
            "ends": self.ends,
            "progress": self.meter.part(stage, forwards),
        }


def explainer_of(request: EvaluationRequest, method: str, progress: Progress = ignore) -> Explainer:
    """Return a method as the request has it set up; `progress` is told of RISE's masks."""
    knobs: dict[str, dict[str, Any]] = {
        "rise": {"masks": request.rise_masks, "seed": request.seed, "progress": progress},
        "random": {"seed": request.seed},
    }
    return METHODS[method](**knobs.get(method, {}))


@torch.no_grad()
def _predicted(network: LambdaAbn, image: Tensor) -> int:
    return int(network(image.unsqueeze(0)).logits.argmax())


def _mask_warnings(mask: Tensor | None) -> list[str]:
    if mask is None or bool(mask.any()):
        return []
    return ["no pixel of the mask that the network sees is bright (level 128 or more): nothing is localised"]


def _band_warnings(request: EvaluationRequest) -> list[str]:
    if not 0 < request.random_orders < ENOUGH_ORDERS:
        return []
    return [
        f"the random band is of {request.random_orders} orders, narrower than 95 %: take {ENOUGH_ORDERS} or more"
    ]


def _warnings(ends: Ends, methods: Mapping[str, MethodEvaluation]) -> list[str]:
    """Say in sentences what makes scores mean less than they seem to."""
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

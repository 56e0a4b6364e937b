"""One image: the maps of several methods and what patch insertion-deletion makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.checkpoint import LoadedCheckpoint
from model.evaluation_request import EvaluationRequest
from model.explain.explainer import stretch
from model.explain.registry import METHODS
from model.meter import Meter, StageProgress, ignore_stages
from model.metrics.blanks import Blank, blank_image
from model.metrics.chance import random_order_scores
from model.metrics.perturbation import Ends, evaluate_ends
from model.metrics.pid import PatchInsertionDeletion, patch_insertion_deletion
from model.metrics.statistics import random_band
from model.network import LambdaAbn
from model.normalisation import denormalise
from model.overlay import coverage
from model.probability import Predict, probability_of

Band = tuple[float, float]

COARSE = 0.05  # of a score's error estimate: a warning says so


@dataclass(frozen=True, kw_only=True, eq=False)
class MethodEvaluation:
    """A map and its scores, one a patch size."""

    saliency: NDArray[np.float32]  # (H, W), in the method's own units
    coverage: float  # share of pixels over the network's θ; of a map that does not lie in 0..1, after scaling it
    scores: tuple[PatchInsertionDeletion, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation:
    """What was found of one image."""

    label: str  # of the target
    index: int
    ends: Ends  # p of the whole image and of the blank
    blank: Blank
    methods: Mapping[str, MethodEvaluation]
    random_bands: Mapping[int, Band]  # patch size -> where 95 % of random orders score; empty: not measured
    provenance: Mapping[str, Any]
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the result in the API's form, without the maps."""
        return {
            "target": {"label": self.label, "index": self.index},
            "p_full": self.ends.full,
            "p_blank": self.ends.blank,
            "methods": {
                name: {"coverage": method.coverage, "scores": [self._score(score) for score in method.scores]}
                for name, method in self.methods.items()
            },
            "provenance": dict(self.provenance),
            "warnings": list(self.warnings),
        }

    def _score(self, score: PatchInsertionDeletion) -> dict[str, Any]:
        band = self.random_bands.get(score.patch_size)
        return {
            "patch_size": score.patch_size,
            "protocol": score.protocol,
            "step": score.step,
            "blank": self.blank,
            "insertion": score.insertion,
            "deletion": score.deletion,
            "pid": score.score,
            "error_estimate": score.error_estimate,
            "n": score.n.tolist(),
            "insertion_curve": score.insertion_curve.tolist(),
            "deletion_curve": score.deletion_curve.tolist(),
            "random_band": list(band) if band else None,
            "tied_fraction": score.tied_fraction,
            "forwards": score.forwards,
        }


def evaluate_image(
    loaded: LoadedCheckpoint,
    image: Tensor,
    request: EvaluationRequest,
    progress: StageProgress = ignore_stages,
) -> Evaluation:
    """Explain an image by several methods and score each map.

    Args:
        loaded: the network, on the device where it shall run.
        image: (C, H, W), normalised.
        request: what to measure.
        progress: told (stage, forwards done, forwards at most) between batches; may raise, which ends the work.

    Raises:
        ConfigurationError: the network has no such target.
        MetricError: the protocol has no step for this size, or a map is not finite.
        NonFiniteOutput: the network overflowed.
    """
    target = request.target_index(loaded.labels)
    meter = Meter(request.forwards(image.shape[-2], image.shape[-1]), progress)
    unusual = loaded.statistics.unusual(denormalise(image, loaded.preprocessing)) if loaded.statistics else []
    image = image.to(next(loaded.network.parameters()).device)
    target = _predicted(loaded.network, image) if target is None else target
    predict = probability_of(loaded.network, target)
    blank = blank_image(request.blank, image, loaded.preprocessing)
    measure = Measurement(request, predict, image, blank, evaluate_ends(predict, image, blank), meter)
    methods = {name: measure.method(loaded.network, target, name) for name in request.methods}
    return Evaluation(
        label=loaded.labels[target],
        index=target,
        ends=measure.ends,
        blank=request.blank,
        methods=methods,
        random_bands=measure.random_bands(),
        provenance={
            "checkpoint": loaded.version,
            "network": loaded.config.preset,
            "request": request.to_dict(),
            "device": image.device.type,
            "torch": torch.__version__,
        },
        warnings=(*unusual, *_warnings(measure.ends, methods)),
    )


@dataclass(frozen=True, eq=False)
class Measurement:
    """An image that is being evaluated."""

    request: EvaluationRequest
    predict: Predict
    image: Tensor  # (C, H, W)
    blank: Tensor  # (C, H, W)
    ends: Ends
    meter: Meter

    def method(self, network: LambdaAbn, target: int, name: str) -> MethodEvaluation:
        """Make a method's map and score it at each patch size."""
        tell = self.meter.part(f"{name}: map", self.request.forwards_for_map(name))
        knobs: dict[str, dict[str, Any]] = {
            "rise": {"masks": self.request.rise_masks, "seed": self.request.seed, "progress": tell},
            "random": {"seed": self.request.seed},
        }
        explain = METHODS[name](**knobs.get(name, {}))
        targets = torch.tensor([target], device=self.image.device)
        saliency = explain(network, self.image.unsqueeze(0), targets).detach()  # (1, H, W)
        scores = tuple(self._curves(name, saliency[0], patch_size) for patch_size in self.request.patch_sizes)
        shown = saliency if name == "attention" else stretch(saliency)
        return MethodEvaluation(
            saliency=saliency[0].float().cpu().numpy(),
            coverage=coverage(shown[0].cpu().numpy(), network.config.threshold),
            scores=scores,
        )

    def random_bands(self) -> dict[int, Band]:
        """Score random orders at each patch size, if any are asked for."""
        if not self.request.random_orders:
            return {}
        is_paper = self.request.protocol == "paper"
        return {m: random_band(self._random(m), mirrored=is_paper) for m in self.request.patch_sizes}

    def _curves(self, name: str, saliency: Tensor, patch_size: int) -> PatchInsertionDeletion:
        options = self._options(f"{name}: m = {patch_size}", patch_size)
        return patch_insertion_deletion(self.predict, self.image, saliency, self.blank, **options)

    def _random(self, patch_size: int) -> list[float]:
        scores: list[float] = []
        for order in range(self.request.random_orders):
            options = self._options(f"random orders: m = {patch_size}", patch_size)
            seed = self.request.seed + order
            scores += random_order_scores(
                self.predict, self.image, self.blank, orders=1, seed=seed, **options
            ).tolist()
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


@torch.no_grad()
def _predicted(network: LambdaAbn, image: Tensor) -> int:
    return int(network(image.unsqueeze(0)).logits.argmax())


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
        if score.error_estimate > COARSE
    ]
    if ends.blank >= ends.full:
        warnings.append(
            f"the blank alone is taken for the target (p = {ends.blank:.3f}) as readily as the image "
            f"(p = {ends.full:.3f}): areas under the curves say little"
        )
    return warnings

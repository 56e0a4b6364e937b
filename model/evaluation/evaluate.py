"""One image: the maps of several methods and what patch insertion-deletion makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from model.checkpoint import LoadedCheckpoint
from model.evaluation.request import EvaluationRequest
from model.evaluation.result import Band, Evaluation, MethodEvaluation
from model.explain.explainer import stretch
from model.explain.registry import METHODS
from model.meter import Meter, StageProgress, ignore_stages
from model.metrics.blanks import blank_image
from model.metrics.chance import random_order_scores
from model.metrics.localisation import Localisation, localise
from model.metrics.perturbation import Ends, evaluate_ends
from model.metrics.pid import PatchInsertionDeletion, patch_insertion_deletion
from model.metrics.statistics import random_band
from model.network import LambdaAbn
from model.normalisation import denormalise
from model.overlay import coverage
from model.probability import Predict, probability_of

COARSE = 0.05  # of a score's error estimate: a warning says so
TOLERANCE_PX = 4  # of the pointing game, at the network's input: a lesion is a few px wide


def evaluate_image(
    loaded: LoadedCheckpoint,
    image: Tensor,
    request: EvaluationRequest,
    progress: StageProgress = ignore_stages,
    mask: Tensor | None = None,
) -> Evaluation:
    """Explain an image by several methods and score each map.

    Args:
        loaded: the network, on the device where it shall run.
        image: (C, H, W), normalised.
        request: what to measure.
        progress: told (stage, forwards done, forwards at most) between batches; may raise, which ends the work.
        mask: (H, W) of bools, where the evidence lies: maps are compared with it.

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
    is_masked = mask is not None and bool(mask.any())
    measure = Measurement(
        request=request,
        predict=predict,
        image=image,
        blank=blank,
        ends=evaluate_ends(predict, image, blank),
        mask=mask if is_masked else None,
        meter=meter,
    )
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
        warnings=(*unusual, *_warnings(measure.ends, methods), *_mask_warnings(mask)),
    )


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
            localisation=None if self.mask is None else self._localise(saliency[0], self.mask),
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

    @staticmethod
    def _localise(saliency: Tensor, mask: Tensor) -> Localisation:
        return localise(saliency.float().cpu(), mask.cpu(), tolerance_px=TOLERANCE_PX)

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


def _mask_warnings(mask: Tensor | None) -> list[str]:
    if mask is None or bool(mask.any()):
        return []
    return ["the mask is empty within the part of the image that the network sees: nothing is localised"]


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

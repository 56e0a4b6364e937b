"""Evaluation of one image: saliency maps of several methods and their PID scores."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from model.checkpoint import LoadedCheckpoint
from model.evaluation.request import EvaluationRequest
from model.evaluation.result import (
    Band,
    Evaluation,
    MethodEvaluation,
    OnCurvePoints,
    OnScore,
    ignore_points,
    ignore_score,
)
from model.evaluation.warnings import evaluation_warnings, mask_warnings, random_band_warnings
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
from model.metrics.pid import PatchInsertionDeletion, PidOptions, patch_insertion_deletion, planned_counts
from model.metrics.statistics import random_band
from model.network import LambdaAbn
from model.runtime.progress import Progress, ignore
from model.runtime.stages import Meter, StageProgress, ignore_stages
from model.target_probability import Predict, probability_of

FORMAT = 1  # of the result document; results of another format are computed again
TOLERANCE_PX = 4  # of the pointing game, in pixels of the network's input: a lesion is a few px wide


def evaluate_image(
    loaded: LoadedCheckpoint,
    image: Tensor,
    request: EvaluationRequest,
    progress: StageProgress = ignore_stages,
    mask: Tensor | None = None,
    on_score: OnScore = ignore_score,
    on_points: OnCurvePoints = ignore_points,
) -> Evaluation:
    """Explain an image by several methods and score each saliency map.

    Args:
        loaded: checkpoint whose network is on the device to run on.
        image: (C, H, W), normalised.
        request: what to measure.
        progress: called with (stage, forwards done, most forwards needed) between batches; an exception stops the
            evaluation.
        mask: (H, W), bool, true where the evidence is; maps are compared with it.
        on_score: called with each method and score when it is complete.
        on_points: called with the partial curves while a score is measured.

    Raises:
        ConfigurationError: the network has no such target.
        MetricError: a curve would have only one point, or a map is not finite.
        NonFiniteOutput: the network's output overflowed.
    """
    target = request.target_index(loaded.labels)
    meter = Meter(request.forwards(image.shape[-2], image.shape[-1]), progress)
    unusual = loaded.statistics.unusual(denormalise(image, loaded.preprocessing)) if loaded.statistics else []
    image = image.to(next(loaded.network.parameters()).device)
    target = _predicted(loaded.network, image) if target is None else target
    predict = probability_of(loaded.network, target)
    blank = blank_image(request.blank, image, loaded.preprocessing)
    is_masked = mask is not None and bool(mask.any())
    measurement = Measurement(
        request=request,
        predict=predict,
        image=image,
        blank=blank,
        ends=evaluate_ends(predict, image, blank),
        mask=mask if is_masked else None,
        meter=meter,
        on_score=on_score,
        on_points=on_points,
    )
    methods = {name: measurement.method(loaded.network, target, name) for name in request.methods}
    return Evaluation(
        label=loaded.labels[target],
        index=target,
        ends=measurement.ends,
        blank=request.blank,
        methods=methods,
        random_bands=measurement.random_bands(),
        provenance=_provenance(loaded, request, image.device.type),
        warnings=(
            *unusual,
            *evaluation_warnings(measurement.ends, methods),
            *mask_warnings(mask),
            *random_band_warnings(request.random_orders),
        ),
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
    """Evaluation in progress of one image."""

    request: EvaluationRequest
    predict: Predict
    image: Tensor  # (C, H, W)
    blank: Tensor  # (C, H, W)
    ends: Ends
    mask: Tensor | None  # (H, W), not empty
    meter: Meter
    on_score: OnScore
    on_points: OnCurvePoints

    def method(self, network: LambdaAbn, target: int, name: str) -> MethodEvaluation:
        """Compute a method's map and score it at each patch size."""
        progress = self.meter.part(f"{name}: map", self.request.forwards_for_map(name))
        explain = explainer_of(self.request, name, progress)
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
        """Return the random band of each patch size; empty if none is requested."""
        if not self.request.random_orders:
            return {}
        return {m: random_band(self._random(m), mirrored=self._mirrors(m)) for m in self.request.patch_sizes}

    def _mirrors(self, patch_size: int) -> bool:
        """Whether reversing an order negates its score."""
        grid = PatchGrid(self.image.shape[-2], self.image.shape[-1], patch_size)
        counts = planned_counts(grid, self.request.protocol, self.request.step)
        return self.request.protocol == "paper" and is_symmetric(counts)

    def _curves(self, name: str, saliency: Tensor, patch_size: int) -> PatchInsertionDeletion:
        patches = PatchGrid(self.image.shape[-2], self.image.shape[-1], patch_size).count
        options = replace(
            self._options(f"{name}: m = {patch_size}", patch_size),
            on_points=partial(self.on_points, name, patch_size, patches),
        )
        score = patch_insertion_deletion(
            self.predict, self.image, saliency, self.blank, options=options, **self._settings(patch_size)
        )
        self.on_score(name, score)
        return score

    @staticmethod
    def _localise(saliency: Tensor, mask: Tensor) -> Localisation:
        return localise(saliency.float().cpu(), mask.cpu(), tolerance_px=TOLERANCE_PX)

    def _random(self, patch_size: int) -> list[float]:
        scores: list[float] = []
        first = seed_of(self.image, self.request.seed)
        for seed in range(first, first + self.request.random_orders):
            options = self._options(f"random orders: m = {patch_size}", patch_size)
            found = random_order_scores(
                self.predict,
                self.image,
                self.blank,
                orders=1,
                seed=seed,
                options=options,
                **self._settings(patch_size),
            )
            scores += found.tolist()
        return scores

    def _settings(self, patch_size: int) -> dict[str, Any]:
        return {"patch_size": patch_size, "protocol": self.request.protocol, "step": self.request.step}

    def _options(self, stage: str, patch_size: int) -> PidOptions:
        """Start a progress stage for a pair of curves and return their options."""
        forwards = self.request.forwards_for_curves(self.image.shape[-2], self.image.shape[-1], patch_size)
        return PidOptions(ends=self.ends, progress=self.meter.part(stage, forwards))


def explainer_of(request: EvaluationRequest, method: str, progress: Progress = ignore) -> Explainer:
    """Return the method set up as requested; `progress` is called while RISE's masks are evaluated."""
    knobs: dict[str, dict[str, Any]] = {
        "rise": {"masks": request.rise_masks, "seed": request.seed, "progress": progress},
        "random": {"seed": request.seed},
    }
    return METHODS[method](**knobs.get(method, {}))


@torch.no_grad()
def _predicted(network: LambdaAbn, image: Tensor) -> int:
    return int(network(image.unsqueeze(0)).logits.argmax())

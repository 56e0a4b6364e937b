"""Result of evaluating an image, and its JSON form in the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.metrics.blanks import Blank
from model.metrics.localisation import Localisation
from model.metrics.partial_curves import Known
from model.metrics.perturbation import Ends
from model.metrics.pid import PatchInsertionDeletion

Band = tuple[float, float]
OnScore = Callable[[str, PatchInsertionDeletion], None]  # (method, score); an exception stops the evaluation
OnCurvePoints = Callable[[str, int, int, Known], None]  # (method, patch size, patches, points measured so far)


def ignore_score(method: str, score: PatchInsertionDeletion) -> None:
    """Do nothing."""


def ignore_points(method: str, patch_size: int, patches: int, known: Known) -> None:
    """Do nothing."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MethodEvaluation:
    """Saliency map of a method and its scores, one per patch size."""

    saliency: NDArray[np.float32]  # (H, W), in the method's own units
    coverage: float  # share of pixels above the network's θ; maps other than attention are scaled to 0..1 first
    scores: tuple[PatchInsertionDeletion, ...]
    localisation: Localisation | None  # None without a mask


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation:
    """Evaluation of one image."""

    label: str  # of the target
    index: int
    ends: Ends  # p of the whole image and of the blank
    blank: Blank
    methods: Mapping[str, MethodEvaluation]
    random_bands: Mapping[int, Band]  # patch size -> range of 95 % of random orders' scores; empty: not measured
    provenance: Mapping[str, Any]
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the result as the API's JSON, without the maps."""
        return {
            "target": {"label": self.label, "index": self.index},
            "p_full": self.ends.full,
            "p_blank": self.ends.blank,
            "methods": {name: self._method(method) for name, method in self.methods.items()},
            "provenance": dict(self.provenance),
            "warnings": list(self.warnings),
        }

    def _method(self, method: MethodEvaluation) -> dict[str, Any]:
        return {
            "coverage": method.coverage,
            "scores": [
                score_document(score, blank=self.blank, random_band=self.random_bands.get(score.patch_size))
                for score in method.scores
            ],
            "localisation": method.localisation._asdict() if method.localisation else None,
        }


def score_document(
    score: PatchInsertionDeletion, *, blank: Blank, random_band: Band | None = None
) -> dict[str, Any]:
    """Return a score as the API's JSON."""
    return {
        "patch_size": score.patch_size,
        "protocol": score.protocol,
        "step": score.step,
        "blank": blank,
        "insertion": score.insertion,
        "deletion": score.deletion,
        "pid": score.score,
        "error_estimate": score.error_estimate,
        "n": score.n.tolist(),
        "insertion_curve": score.insertion_curve.tolist(),
        "deletion_curve": score.deletion_curve.tolist(),
        "random_band": list(random_band) if random_band else None,
        "tied_fraction": score.tied_fraction,
        "forwards": score.forwards,
    }

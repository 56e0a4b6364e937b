"""What an evaluation found of an image, and its form in the API."""

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
ScoreFound = Callable[[str, PatchInsertionDeletion], None]  # (method, score); may raise, which ends the work

CurvesFound = Callable[[str, int, int, Known], None]  # (method, patch size, patches, what is known of its curves)


def ignore_score(method: str, score: PatchInsertionDeletion) -> None:
    """Tell nobody."""


def ignore_curves(method: str, patch_size: int, patches: int, known: Known) -> None:
    """Tell nobody."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MethodEvaluation:
    """A map and its scores, one a patch size."""

    saliency: NDArray[np.float32]  # (H, W), in the method's own units
    coverage: float  # share of pixels over the network's θ; of a map that does not lie in 0..1, after scaling it
    scores: tuple[PatchInsertionDeletion, ...]
    localisation: Localisation | None  # None without a mask


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
    """Return a score in the API's form; the band of random orders is measured last."""
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

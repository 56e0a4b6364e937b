"""Explanation scores of a checkpoint on chosen images, as documents; existing results are reused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model.checkpoint import LoadedCheckpoint
from model.cli.gallery import picture_names
from model.evaluation.folder import EvaluationFolder, Item
from model.evaluation.request import EvaluationRequest
from model.evaluation.tables.scores import Document, without_curves
from training.errors import DatasetError


@dataclass(frozen=True)
class Explained:
    """Explanation scores of a set of images under one protocol."""

    documents: tuple[Document, ...]  # of `Evaluation.to_dict`, without curves
    left_out: tuple[str, ...]  # images that could not be used, with the reason

    def score(self, path: str, method: str, patch_size: int) -> float | None:
        """Return the PID of an image's map; None if it was not measured."""
        for document in self.documents:
            if document["path"] == path:
                scores = document["methods"][method]["scores"]
                return next((score["pid"] for score in scores if score["patch_size"] == patch_size), None)
        return None


def explain_items(
    loaded: LoadedCheckpoint, request: EvaluationRequest, items: Sequence[Item], out: Path
) -> Explained:
    """Evaluate explanations of images; results are kept in the folder `out`, as by `EvaluationFolder`.

    Raises:
        DatasetError: no image could be used.
        ConfigurationError: results would overwrite images.
        MetricError: a curve would have only one point.
        OSError: the folder cannot be written.
    """
    names = picture_names([item.path for item in items])
    documents, left_out = [], []
    for item, line in zip(items, EvaluationFolder(loaded, request, out).lines(items), strict=True):
        if "error" in line:
            left_out.append(f"{item.path.name}: {line['error']}")
        else:
            found = json.loads((out / f"{names[item.path]}.json").read_text(encoding="utf-8"))
            documents.append(without_curves({**found, "path": str(item.path)}))
    if not documents:
        raise DatasetError(f"no image could be used; the first: {left_out[0]}")
    return Explained(tuple(documents), tuple(left_out))

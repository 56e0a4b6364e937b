"""Evaluation requests for tests with a tiny network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from model.checkpoint import checkpoint_version
from worker.queue.contracts.evaluation import EvaluationParameters, EvaluationPayload, ModelVersion
from worker.queue.store.blobs import sha256

QUICK: dict[str, Any] = {"methods": ("attention",), "patch_sizes": (16,), "step": 1}  # milliseconds
SLOW: dict[str, Any] = {"methods": ("rise",), "patch_sizes": (16,), "rise_masks": 100_000}  # over a minute


def model_of(checkpoint: Path) -> ModelVersion:
    """Return the model reference of a checkpoint."""
    return ModelVersion(name=checkpoint.stem, version=checkpoint_version(checkpoint))


def ask(checkpoint: Path, image: bytes, mask: bytes | None = None, **parameters: Any) -> EvaluationPayload:
    """Return a payload; by default with QUICK parameters."""
    return EvaluationPayload(
        model=model_of(checkpoint),
        image_sha256=sha256(image),
        mask_sha256=sha256(mask) if mask else None,
        parameters=EvaluationParameters(**(QUICK | parameters)),
    )


def uploads(*files: bytes) -> dict[str, bytes]:
    """Return files by sha256."""
    return {sha256(file): file for file in files}

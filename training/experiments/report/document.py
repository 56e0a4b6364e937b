"""Figures of a report as JSON types: report.json."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from model.evaluation.folder import Item
from model.evaluation.request import EvaluationRequest
from training.experiments.report.measure import MeasuredRun
from training.experiments.report.scores import scores_document
from training.fit.record import code_revision


def report_document(
    runs: Sequence[MeasuredRun], requests: Sequence[EvaluationRequest], *, split: str, command: str
) -> dict[str, Any]:
    """Return the figures of all runs and protocols, with their provenance."""
    first = runs[0].loaded
    return {
        "name": f"{first.config.preset} on {first.card['data']['dataset']}",
        "preset": first.config.preset,
        "split": split,
        "command": command,
        "code_revision": code_revision(),
        "torch": torch.__version__,
        "device": next(first.network.parameters()).device.type,
        "requests": [request.to_dict() for request in requests],
        "runs": [_run(each) for each in runs],
        "protocols": {
            request.protocol: scores_document([each.explained[request.protocol].documents for each in runs])
            for request in requests
        },
    }


def shown_items(measured: MeasuredRun, request: EvaluationRequest) -> list[Item]:
    """Return the items that could be used, those with a mask first."""
    used = {document["path"] for document in measured.explained[request.protocol].documents}
    items = [item for item in measured.items if str(item.path) in used]
    return sorted(items, key=lambda item: not item.masks)


def _run(measured: MeasuredRun) -> dict[str, Any]:
    card = measured.loaded.card
    left_out = [each for explained in measured.explained.values() for each in explained.left_out]
    return {
        "path": str(measured.path),
        "version": measured.loaded.version,
        "name": measured.name,
        "seed": card["seed"],
        "epoch": card["epoch"],
        "code_revision": card["code_revision"],
        "figures": measured.figures,
        "images": [item.path.name for item in measured.items],
        "left_out": list(dict.fromkeys(left_out)),
    }

"""Last stage of a prediction: build the answer from the network's outputs."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from time import perf_counter
from urllib.parse import quote

import numpy as np
from pydantic import TypeAdapter

from model.images.overlay import coverage
from model.predictor import Explanation, Prediction
from service.predictions.batching import Computed
from service.predictions.pictures import draw
from service.predictions.request import PredictionRequest, Prepared
from service.predictions.schemas import (
    ClassProbability,
    ExplanationAnswer,
    ModelReference,
    PredictedClass,
    PredictionAnswer,
    Region,
    Timing,
)

VALUE_DIGITS = 6
_TO_JSON = TypeAdapter(PredictionAnswer)  # much cheaper than FastAPI's encoder


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Finished answer, with figures for the metrics."""

    body: bytes
    media_type: str
    headers: dict[str, str]
    stages_s: dict[str, float]
    prediction: Prediction
    gated_coverage: float | None  # fraction of the map above the gate's θ; None for other maps


def build_answer(request: PredictionRequest, prepared: Prepared, computed: Computed, *, started: float) -> Answer:
    """Draw the pictures and build the answer. `started`: start of the request on `perf_counter`."""
    began = perf_counter()
    prediction = computed.prediction
    explanation = prediction.explanation
    share = None if explanation is None else coverage(explanation.values, request.threshold)
    pictures = {} if explanation is None else draw(request, prepared, explanation)
    ended = perf_counter()
    stages_s = {
        "decode": prepared.decode_s,
        "queue": computed.queue_s,
        "infer": computed.infer_s,
        "render": ended - began,
        "total": ended - started,
    }
    if request.as_png:
        body, media_type = pictures["overlay"], "image/png"
    else:
        document = _document(request, prepared, prediction, share, pictures, stages_s)
        body, media_type = _TO_JSON.dump_json(document), "application/json"
    return Answer(
        body=body,
        media_type=media_type,
        headers=_headers(request, prediction, stages_s),
        stages_s=stages_s,
        prediction=prediction,
        gated_coverage=_gated_coverage(request, explanation),
    )


def _gated_coverage(request: PredictionRequest, explanation: Explanation | None) -> float | None:
    if explanation is None or explanation.method != "attention":
        return None
    return coverage(explanation.values, request.model.predictor.loaded.config.threshold)


def _document(
    request: PredictionRequest,
    prepared: Prepared,
    prediction: Prediction,
    share: float | None,
    pictures: dict[str, bytes],
    stages_s: dict[str, float],
) -> PredictionAnswer:
    labels = request.model.predictor.loaded.labels
    explanation = prediction.explanation
    return PredictionAnswer(
        id=request.id,
        model=ModelReference(name=request.model.name, version=request.model.version),
        prediction=PredictedClass(
            label=prediction.label, index=prediction.index, probability=prediction.probability
        ),
        probabilities=[
            ClassProbability(label=label, probability=probability)
            for label, probability in zip(labels, prediction.probabilities, strict=True)
        ],
        explanation=None
        if explanation is None or share is None
        else _explanation(request, prepared, explanation, share, pictures),
        timing_ms=Timing(**{stage: round(seconds * 1000, 3) for stage, seconds in stages_s.items()}),
        warnings=prepared.warnings,
    )


def _explanation(
    request: PredictionRequest,
    prepared: Prepared,
    explanation: Explanation,
    share: float,
    pictures: dict[str, bytes],
) -> ExplanationAnswer:
    height, width = explanation.values.shape
    left, top, right, bottom = prepared.region
    encoded = {name: b64encode(png).decode("ascii") for name, png in pictures.items()}
    wants_values = "values" in request.options.include
    return ExplanationAnswer(
        method=explanation.method,
        threshold=request.threshold,
        height=height,
        width=width,
        coverage=share,
        region=Region(left=left, top=top, width=right - left, height=bottom - top),
        overlay_png=encoded.get("overlay"),
        heatmap_png=encoded.get("heatmap"),
        values=explanation.values.astype(np.float64).round(VALUE_DIGITS).tolist() if wants_values else None,
    )


def _headers(request: PredictionRequest, prediction: Prediction, stages_s: dict[str, float]) -> dict[str, str]:
    timing = ", ".join(f"{stage};dur={seconds * 1000:.3f}" for stage, seconds in stages_s.items())
    headers = {"Server-Timing": timing, "Vary": "Accept", "Cache-Control": "no-store"}
    if request.as_png:
        headers["X-Labn-Label"] = quote(prediction.label, safe=" !#$&'()*+,/:;=?@[]")
        headers["X-Labn-Probability"] = f"{prediction.probability:.6f}"
    return headers

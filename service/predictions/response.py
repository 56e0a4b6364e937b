"""The last step of a prediction: outputs of the network -> the finished body."""

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
from service.predictions.drawing import draw
from service.predictions.request import Prepared, Question
from service.schemas import (
    ClassProbability,
    ExplanationAnswer,
    ModelReference,
    PredictedClass,
    PredictionAnswer,
    Region,
    Timing,
)

VALUE_DIGITS = 6
_TO_JSON = TypeAdapter(PredictionAnswer)  # a fraction of the cost of the framework's own encoder


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The finished body, and what the metrics want to know."""

    body: bytes
    media_type: str
    headers: dict[str, str]
    stages_s: dict[str, float]
    prediction: Prediction
    gated_coverage: float | None  # share of the map that the gate let through; None for other maps


def compose(question: Question, prepared: Prepared, computed: Computed, *, started: float) -> Answer:
    """Draw the pictures and write the answer; `started` is the request's start on `perf_counter`."""
    began = perf_counter()
    prediction = computed.prediction
    explanation = prediction.explanation
    share = None if explanation is None else coverage(explanation.values, question.threshold)
    pictures = {} if explanation is None else draw(question, prepared, explanation)
    ended = perf_counter()
    stages_s = {
        "decode": prepared.decode_s,
        "queue": computed.queue_s,
        "infer": computed.infer_s,
        "render": ended - began,
        "total": ended - started,
    }
    if question.as_png:
        body, media_type = pictures["overlay"], "image/png"
    else:
        document = _document(question, prepared, prediction, share, pictures, stages_s)
        body, media_type = _TO_JSON.dump_json(document), "application/json"
    return Answer(
        body=body,
        media_type=media_type,
        headers=_headers(question, prediction, stages_s),
        stages_s=stages_s,
        prediction=prediction,
        gated_coverage=_gated_coverage(question, explanation),
    )


def _gated_coverage(question: Question, explanation: Explanation | None) -> float | None:
    if explanation is None or explanation.method != "attention":
        return None
    return coverage(explanation.values, question.model.predictor.loaded.config.threshold)


def _document(
    question: Question,
    prepared: Prepared,
    prediction: Prediction,
    share: float | None,
    pictures: dict[str, bytes],
    stages_s: dict[str, float],
) -> PredictionAnswer:
    labels = question.model.predictor.loaded.labels
    explanation = prediction.explanation
    return PredictionAnswer(
        id=question.id,
        model=ModelReference(name=question.model.name, version=question.model.version),
        prediction=PredictedClass(
            label=prediction.label, index=prediction.index, probability=prediction.probability
        ),
        probabilities=[
            ClassProbability(label=label, probability=probability)
            for label, probability in zip(labels, prediction.probabilities, strict=True)
        ],
        explanation=None
        if explanation is None or share is None
        else _explanation(question, prepared, explanation, share, pictures),
        timing_ms=Timing(**{stage: round(seconds * 1000, 3) for stage, seconds in stages_s.items()}),
        warnings=prepared.warnings,
    )


def _explanation(
    question: Question, prepared: Prepared, explanation: Explanation, share: float, pictures: dict[str, bytes]
) -> ExplanationAnswer:
    height, width = explanation.values.shape
    left, top, right, bottom = prepared.region
    encoded = {name: b64encode(png).decode("ascii") for name, png in pictures.items()}
    wants_values = "values" in question.options.include
    return ExplanationAnswer(
        method=explanation.method,
        threshold=question.threshold,
        height=height,
        width=width,
        coverage=share,
        region=Region(left=left, top=top, width=right - left, height=bottom - top),
        overlay_png=encoded.get("overlay"),
        heatmap_png=encoded.get("heatmap"),
        values=explanation.values.astype(np.float64).round(VALUE_DIGITS).tolist() if wants_values else None,
    )


def _headers(question: Question, prediction: Prediction, stages_s: dict[str, float]) -> dict[str, str]:
    timing = ", ".join(f"{stage};dur={seconds * 1000:.3f}" for stage, seconds in stages_s.items())
    headers = {"Server-Timing": timing, "Vary": "Accept", "Cache-Control": "no-store"}
    if question.as_png:
        headers["X-Labn-Label"] = quote(prediction.label, safe=" !#$&'()*+,/:;=?@[]")
        headers["X-Labn-Probability"] = f"{prediction.probability:.6f}"
    return headers

"""The two ends of a prediction that work on pixels: upload -> input of the network, and outputs -> answer.

Both run in the pool of picture threads; nothing here waits.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from time import perf_counter
from typing import TypedDict
from urllib.parse import quote

import numpy as np
from pydantic import TypeAdapter
from torch import Tensor

from model.image import Box, crop_box, decode_image, decode_size, to_tensor
from model.overlay import coverage, encode_png, render_layer, render_overlay
from model.predictor import Explanation, Prediction
from service.batching import Computed
from service.canvas import Canvas, canvas_for, sharpened
from service.registry import ServedModel
from service.schemas import (
    ClassProbability,
    ExplanationAnswer,
    ModelReference,
    PredictedClass,
    PredictionAnswer,
    PredictionOptions,
    Region,
    Timing,
)

VALUE_DIGITS = 6
_TO_JSON = TypeAdapter(PredictionAnswer)  # a fraction of the cost of the framework's own encoder


class Style(TypedDict):
    """How a map is drawn."""

    longest: int | None
    threshold: float
    colormap: str
    opacity: float


@dataclass(frozen=True, kw_only=True)
class Question:
    """One request for a prediction."""

    id: str
    model: ServedModel
    data: bytes
    options: PredictionOptions
    as_png: bool
    max_pixels: int

    @property
    def method(self) -> str | None:
        """The explanation asked for, None for none."""
        return None if self.options.explanation == "none" else self.options.explanation

    @property
    def threshold(self) -> float:
        """The display threshold: the one asked for, or the model's θ."""
        asked = self.options.threshold
        return self.model.predictor.loaded.config.threshold if asked is None else asked

    @property
    def wants_overlay(self) -> bool:
        """Whether the blend is part of the answer."""
        return self.as_png or "overlay" in self.options.include


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """An upload ready for the network."""

    image: Tensor  # (1, C, H, W)
    canvas: Canvas
    region: Box  # px of the upload
    warnings: list[str]
    decode_s: float


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The finished body, and what the metrics want to know."""

    body: bytes
    media_type: str
    headers: dict[str, str]
    stages_s: dict[str, float]
    prediction: Prediction
    coverage: float | None


def prepare(question: Question) -> Prepared:
    """Decode the upload, at a scale that does not depend on display options, and make the network's input.

    Raises:
        ImageError: as `decode_image`.
    """
    started = perf_counter()
    predictor = question.model.predictor
    preprocessing = predictor.loaded.preprocessing
    picture = decode_image(
        question.data,
        preprocessing.mode,
        max_pixels=question.max_pixels,
        at_least=decode_size(preprocessing),
    )
    return Prepared(
        image=to_tensor(picture, preprocessing),
        canvas=canvas_for(picture, preprocessing, question.options.size),
        region=crop_box(preprocessing, picture.height, picture.width),
        warnings=predictor.warnings(picture),
        decode_s=perf_counter() - started,
    )


def compose(question: Question, prepared: Prepared, computed: Computed, *, started: float) -> Answer:
    """Draw the pictures and write the answer; `started` is the request's start on `perf_counter`."""
    began = perf_counter()
    prediction = computed.prediction
    explanation = prediction.explanation
    share = None if explanation is None else coverage(explanation.values, question.threshold)
    pictures = {} if explanation is None else _draw(question, prepared, explanation)
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
        coverage=share,
    )


def _draw(question: Question, prepared: Prepared, explanation: Explanation) -> dict[str, bytes]:
    """Return the PNGs that were asked for, by name."""
    options, pictures = question.options, {}
    if question.wants_overlay:
        canvas = _sharp_canvas(question, prepared)
        overlay = render_overlay(
            canvas.picture, explanation.values, canvas.region, **_style(question, canvas)
        )
        pictures["overlay"] = encode_png(overlay)
    if "heatmap" in options.include and not question.as_png:
        canvas = prepared.canvas
        layer = render_layer(canvas.picture, explanation.values, canvas.region, **_style(question, canvas))
        pictures["heatmap"] = encode_png(layer)
    return pictures


def _sharp_canvas(question: Question, prepared: Prepared) -> Canvas:
    if not prepared.canvas.blurred:
        return prepared.canvas
    preprocessing = question.model.predictor.loaded.preprocessing
    return sharpened(prepared.canvas, question.data, preprocessing, max_pixels=question.max_pixels)


def _style(question: Question, canvas: Canvas) -> Style:
    return {
        "longest": canvas.longest,
        "threshold": question.threshold,
        "colormap": question.options.colormap,
        "opacity": question.options.opacity,
    }


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

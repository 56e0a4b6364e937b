"""The pictures of an answer."""

from __future__ import annotations

from model.images.overlay import Style, encode_png, render_layer, render_overlay
from model.predictor import Explanation
from service.predictions.canvas import Canvas, sharpened
from service.predictions.request import Prepared, Question


def draw(question: Question, prepared: Prepared, explanation: Explanation) -> dict[str, bytes]:
    """Return the PNGs that were asked for, by name."""
    options, pictures = question.options, {}
    style = Style(threshold=question.threshold, colormap=options.colormap, opacity=options.opacity)
    if question.wants_overlay:
        canvas = _sharp_canvas(question, prepared)
        overlay = render_overlay(
            canvas.picture, explanation.values, canvas.region, longest=canvas.longest, style=style
        )
        pictures["overlay"] = encode_png(overlay)
    if "heatmap" in options.include and not question.as_png:
        canvas = prepared.canvas
        layer = render_layer(canvas.picture, explanation.values, canvas.region, longest=canvas.longest, style=style)
        pictures["heatmap"] = encode_png(layer)
    return pictures


def _sharp_canvas(question: Question, prepared: Prepared) -> Canvas:
    if not prepared.canvas.blurred:
        return prepared.canvas
    preprocessing = question.model.predictor.loaded.preprocessing
    return sharpened(prepared.canvas, question.data, preprocessing, max_pixels=question.max_pixels)

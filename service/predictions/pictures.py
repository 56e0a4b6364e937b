"""Overlay and heatmap of an answer."""

from __future__ import annotations

from model.images.overlay import Style, encode_png, render_layer, render_overlay
from model.predictor import Explanation
from service.predictions.canvas import Canvas, decode_at_full_size
from service.predictions.request import PredictionRequest, Prepared


def draw(request: PredictionRequest, prepared: Prepared, explanation: Explanation) -> dict[str, bytes]:
    """Return the requested PNGs by name."""
    options, pictures = request.options, {}
    style = Style(threshold=request.threshold, colormap=options.colormap, opacity=options.opacity)
    if request.wants_overlay:
        canvas = _full_size_canvas(request, prepared)
        overlay = render_overlay(
            canvas.picture, explanation.values, canvas.region, longest=canvas.longest, style=style
        )
        pictures["overlay"] = encode_png(overlay)
    if "heatmap" in options.include and not request.as_png:
        canvas = prepared.canvas
        layer = render_layer(canvas.picture, explanation.values, canvas.region, longest=canvas.longest, style=style)
        pictures["heatmap"] = encode_png(layer)
    return pictures


def _full_size_canvas(request: PredictionRequest, prepared: Prepared) -> Canvas:
    if not prepared.canvas.is_low_resolution:
        return prepared.canvas
    preprocessing = request.model.predictor.loaded.preprocessing
    return decode_at_full_size(prepared.canvas, request.data, preprocessing, max_pixels=request.max_pixels)

"""Draw the map of an evaluation: over the upload while that is kept, later alone."""

from __future__ import annotations

from threading import BoundedSemaphore

import numpy as np
from numpy.typing import NDArray

from model.config import Preprocessing
from model.images.overlay import Style, encode_png, render_heatmap, render_overlay
from service.evaluations.schemas import MapOptions
from service.evaluations.submission import decode_for
from service.models.registry import ServedModel
from service.predictions.canvas import Canvas, canvas_for, decode_at_full_size

_DRAWING = BoundedSemaphore(2)  # a decoded upload may take 120 MB
Saliency = NDArray[np.float32]


def draw_map(saliency: Saliency, options: MapOptions) -> bytes:
    """Return a PNG of the map alone, transparent where it is not above the threshold.

    Args:
        saliency: (H, W) in 0..1.
        options: display options.
    """
    height, width = saliency.shape
    return encode_png(render_heatmap(saliency, height=height, width=width, style=_style(options)))


def draw_map_over(
    saliency: Saliency, options: MapOptions, upload: bytes, model: ServedModel, *, max_pixels: int
) -> bytes:
    """Return a PNG of the map over the upload that it explains.

    Args:
        saliency: (H, W) in 0..1.
        options: display options.
        upload: the evaluated image file.
        model: the evaluated model, whose input the map covers.
        max_pixels: largest upload.

    Raises:
        ImageError: the upload does not decode.
    """
    with _DRAWING:
        canvas = _canvas(upload, model, options, max_pixels=max_pixels)
        overlay = render_overlay(
            canvas.picture, saliency, canvas.region, longest=canvas.longest, style=_style(options)
        )
        return encode_png(overlay)


def scale_map(saliency: Saliency, method: str) -> Saliency:
    """Scale a map to 0..1 by its minimum and maximum; attention is in 0..1 already."""
    if method == "attention":
        return saliency
    low, high = float(saliency.min()), float(saliency.max())
    return (saliency - low) / (high - low if high > low else 1.0)


def _canvas(upload: bytes, model: ServedModel, options: MapOptions, *, max_pixels: int) -> Canvas:
    preprocessing: Preprocessing = model.predictor.loaded.preprocessing
    canvas = canvas_for(decode_for(model, upload, max_pixels=max_pixels), preprocessing, options.size)
    if not canvas.is_low_resolution:
        return canvas
    return decode_at_full_size(canvas, upload, preprocessing, max_pixels=max_pixels)


def _style(options: MapOptions) -> Style:
    return Style(threshold=options.threshold, colormap=options.colormap, opacity=options.opacity)

"""Prediction request, and its first stage: decode the upload into the network's input."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

from torch import Tensor

from model.images.preprocessing import Box, crop_box, decode_image, decode_size, to_tensor
from service.models.registry import ServedModel
from service.predictions.canvas import Canvas, canvas_for
from service.predictions.schemas import PredictionOptions


@dataclass(frozen=True, kw_only=True)
class PredictionRequest:
    """Validated request for a prediction."""

    id: str
    model: ServedModel
    data: bytes
    options: PredictionOptions
    as_png: bool
    max_pixels: int

    @property
    def method(self) -> str | None:
        """Requested explanation method; None: no explanation."""
        return None if self.options.explanation == "none" else self.options.explanation

    @property
    def threshold(self) -> float:
        """Display threshold: the requested one, else the model's θ."""
        requested = self.options.threshold
        return self.model.predictor.loaded.config.threshold if requested is None else requested

    @property
    def wants_overlay(self) -> bool:
        """Whether the overlay is part of the answer."""
        return self.as_png or "overlay" in self.options.include


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Decoded upload, ready for the network."""

    image: Tensor  # (1, C, H, W)
    canvas: Canvas
    region: Box  # px of the upload
    warnings: list[str]
    decode_s: float


def prepare(request: PredictionRequest) -> Prepared:
    """Decode the upload, at a scale independent of the display options, into the network's input.

    Raises:
        ImageError: as `decode_image`.
    """
    started = perf_counter()
    predictor = request.model.predictor
    preprocessing = predictor.loaded.preprocessing
    picture = decode_image(
        request.data,
        preprocessing.mode,
        max_pixels=request.max_pixels,
        at_least=decode_size(preprocessing),
    )
    image = to_tensor(picture, preprocessing)
    return Prepared(
        image=image,
        canvas=canvas_for(picture, preprocessing, request.options.size),
        region=crop_box(preprocessing, picture.height, picture.width),
        warnings=predictor.warnings(image),
        decode_s=perf_counter() - started,
    )

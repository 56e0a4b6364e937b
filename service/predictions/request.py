"""One request for a prediction, and its first step: upload -> input of the network."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

from torch import Tensor

from model.images.preprocessing import Box, crop_box, decode_image, decode_size, to_tensor
from service.models.registry import ServedModel
from service.predictions.canvas import Canvas, canvas_for
from service.schemas import PredictionOptions


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
    image = to_tensor(picture, preprocessing)
    return Prepared(
        image=image,
        canvas=canvas_for(picture, preprocessing, question.options.size),
        region=crop_box(preprocessing, picture.height, picture.width),
        warnings=predictor.warnings(image),
        decode_s=perf_counter() - started,
    )

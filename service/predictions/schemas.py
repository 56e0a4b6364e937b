"""Query and answer of POST /v1/predictions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from service.http.documents import Document

ExplanationName = Literal["attention", "lambda_attention", "none"]
Colormap = Literal["inferno", "viridis", "magma", "plasma", "cividis"]
Include = Literal["overlay", "heatmap", "values"]
DEFAULT_SIZE_PX = 1024


def _split_commas(value: object) -> object:
    """Split comma-separated and repeated values alike; `include=` is the empty set."""
    if not isinstance(value, list):
        return value
    return [word for item in value for word in map(str.strip, str(item).split(",")) if word]


class PredictionOptions(BaseModel):
    """Query of POST /v1/predictions. Display options do not change the prediction."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    explanation: Annotated[
        ExplanationName,
        Field(description="Map to return: from the attention branch, from the last lambda layer, or none."),
    ] = "attention"
    threshold: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            allow_inf_nan=False,
            description="The heatmap is transparent where the map is not above it. Default: the model's θ.",
        ),
    ] = None
    colormap: Annotated[Colormap, Field(description="Perceptually uniform colour map.")] = "inferno"
    opacity: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, description="Opacity of the heatmap.")] = 0.5
    include: Annotated[
        frozenset[Include],
        BeforeValidator(_split_commas),
        Field(
            description="Parts of the JSON answer, comma-separated or repeated: overlay (heatmap blended with the "
            "image), heatmap (alone, RGBA), values (of the map). Empty: none."
        ),
    ] = frozenset({"overlay"})
    size: Annotated[
        Literal["upload", "input"] | Annotated[int, Field(ge=1)],
        Field(
            description="Size of the overlay and the heatmap. A number: longest side in pixels, at most the "
            "upload's. upload: the upload's size. input: the network's input, cropped and resized."
        ),
    ] = DEFAULT_SIZE_PX
    model: Annotated[
        str | None,
        Field(min_length=1, max_length=256, description="name or name@version; default: the default model."),
    ] = None


class ModelReference(Document):
    """Model that answered."""

    name: str
    version: Annotated[str, Field(description="First 12 hex digits of the checkpoint's sha256.")]


class ClassProbability(Document):
    """Class and its softmax probability."""

    label: str
    probability: float


class PredictedClass(Document):
    """Most probable class."""

    label: str
    index: Annotated[int, Field(description="Index in the model's list of labels.")]
    probability: float


class Region(Document):
    """Part of the upload that the network saw and the map covers, in pixels of the upload."""

    left: int
    top: int
    width: int
    height: int


class ExplanationAnswer(Document):
    """Map and its pictures. PNGs are base64."""

    method: str
    threshold: float
    height: Annotated[int, Field(description="Height of the map, in cells.")]
    width: int
    coverage: Annotated[float, Field(description="Fraction of the map's cells above the threshold.")]
    region: Region
    overlay_png: Annotated[str | None, Field(description="The upload blended with the heatmap.")] = None
    heatmap_png: Annotated[str | None, Field(description="The heatmap alone, RGBA, at the overlay's size.")] = None
    values: Annotated[
        list[list[float]] | None, Field(description="Rows of the map, 0..1, rounded to six digits.")
    ] = None


class Timing(Document):
    """Durations in milliseconds. queue: wait for the network; infer: forward pass of the batch."""

    decode: float
    queue: float
    infer: float
    render: float
    total: Annotated[float, Field(description="From the end of the upload to the finished pictures.")]


class PredictionAnswer(Document):
    """Answer of POST /v1/predictions."""

    id: Annotated[str, Field(description="Also in X-Request-Id.")]
    model: ModelReference
    prediction: PredictedClass
    probabilities: Annotated[list[ClassProbability], Field(description="All classes, in the model's order.")]
    explanation: ExplanationAnswer | None
    timing_ms: Timing
    warnings: Annotated[list[str], Field(description="Reasons to trust this answer less.")]

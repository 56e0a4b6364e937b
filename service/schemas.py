"""The documents of the API: what a request may ask and what it is answered."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

ExplanationName = Literal["attention", "lambda_attention", "none"]
Colormap = Literal["inferno", "viridis", "magma", "plasma", "cividis"]
Status = Literal["starting", "ready", "degraded", "draining", "failed"]
Include = Literal["overlay", "heatmap", "values"]
DEFAULT_SIZE_PX = 1024
REPEATABLE = frozenset({"include"})  # every other parameter has one value


def _split_commas(value: object) -> object:
    """Read `include=overlay,values` and `include=overlay&include=values` alike; `include=` asks for none."""
    if not isinstance(value, list):
        return value
    return [word for item in value for word in map(str.strip, str(item).split(",")) if word]


class PredictionOptions(BaseModel):
    """The query of POST /v1/predictions. Display options never change the prediction."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    explanation: Annotated[
        ExplanationName,
        Field(description="The map: the attention branch's, a lambda layer's own, or no map."),
    ] = "attention"
    threshold: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            allow_inf_nan=False,
            description="Where the map is not above it the heatmap is transparent. Default: the model's θ.",
        ),
    ] = None
    colormap: Annotated[Colormap, Field(description="Perceptually uniform colours.")] = "inferno"
    opacity: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, description="Of the heatmap.")] = 0.5
    include: Annotated[
        frozenset[Include],
        BeforeValidator(_split_commas),
        Field(
            description="What the JSON carries, comma-separated or repeated: the blend, the heatmap alone "
            "(RGBA), the map's own values. Empty: none of them."
        ),
    ] = frozenset({"overlay"})
    size: Annotated[
        Literal["upload", "input"] | Annotated[int, Field(ge=1)],
        Field(
            description="Of the pictures in the answer. A number: their longest side in pixels, never more "
            "than the upload's. upload: the upload's size. input: what the network saw, cropped and resized."
        ),
    ] = DEFAULT_SIZE_PX
    model: Annotated[
        str | None,
        Field(min_length=1, max_length=256, description="name or name@version; default: the default model."),
    ] = None


class Document(BaseModel):
    """Any answer."""

    model_config = ConfigDict(frozen=True)


class ModelReference(Document):
    """The model that answered."""

    name: str
    version: Annotated[str, Field(description="First 12 hex digits of the checkpoint's sha256.")]


class ClassProbability(Document):
    """One class and its softmax probability."""

    label: str
    probability: float


class PredictedClass(Document):
    """The most probable class."""

    label: str
    index: Annotated[int, Field(description="In the model's order of classes.")]
    probability: float


class Region(Document):
    """The part of the upload that the network saw and the map covers, in pixels of the upload."""

    left: int
    top: int
    width: int
    height: int


class ExplanationAnswer(Document):
    """The map and its pictures; PNGs are base64."""

    method: str
    threshold: float
    height: Annotated[int, Field(description="Of the map, in cells.")]
    width: int
    coverage: Annotated[float, Field(description="Share of the map's cells above the threshold.")]
    region: Region
    overlay_png: Annotated[str | None, Field(description="The upload with the heatmap blended in.")] = None
    heatmap_png: Annotated[str | None, Field(description="The heatmap alone, RGBA, of the overlay's size.")] = None
    values: Annotated[list[list[float]] | None, Field(description="The map's rows, 0..1, to six digits.")] = None


class Timing(Document):
    """Where the time went, in milliseconds; queue is the wait for the network, infer the batch's pass."""

    decode: float
    queue: float
    infer: float
    render: float
    total: Annotated[float, Field(description="From the end of the upload to the finished pictures.")]


class PredictionAnswer(Document):
    """The answer of POST /v1/predictions."""

    id: Annotated[str, Field(description="Also in X-Request-Id.")]
    model: ModelReference
    prediction: PredictedClass
    probabilities: Annotated[list[ClassProbability], Field(description="Every class, in the model's order.")]
    explanation: ExplanationAnswer | None
    timing_ms: Timing
    warnings: Annotated[list[str], Field(description="Why this answer may be less trustworthy than others.")]


class ModelInput(Document):
    """What the network eats, after crop and resize."""

    channels: int
    height: int
    width: int


class ModelAnswer(Document):
    """A model that is served."""

    name: str
    version: str
    default: bool
    preset: str
    labels: list[str]
    threshold: Annotated[float, Field(description="θ of the attention gate.")]
    input: ModelInput
    card: Annotated[dict[str, Any], Field(description="How it was trained, and how well it does.")]


class ModelsAnswer(Document):
    """Every model that is served."""

    models: list[ModelAnswer]


class HealthAnswer(Document):
    """Whether the process is alive."""

    status: Literal["ok", "failed"]


class ReadinessAnswer(Document):
    """Whether predictions can be served, and every check behind it."""

    status: Annotated[
        Status, Field(description="degraded: predictions are served, evaluations wait for Redis or for a worker.")
    ]
    checks: dict[str, str]


class ProblemAnswer(Document):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    errors: Annotated[
        list[dict[str, str]] | None, Field(description="For bad parameters: the name and the reason of each.")
    ] = None

"""Documents of /v1/evaluations, beside those that the queue defines."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.http.documents import Document
from service.predictions.schemas import DEFAULT_SIZE_PX, Colormap
from worker.queue.contracts.evaluation import EvaluationState


class MapOptions(BaseModel):
    """Query of GET /v1/evaluations/{id}/maps/{method}.png."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: Annotated[
        float,
        Field(ge=0, le=1, allow_inf_nan=False, description="The map is transparent where it is not above this."),
    ] = 0.0
    colormap: Annotated[Colormap, Field(description="Perceptually uniform colour map.")] = "inferno"
    opacity: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, description="Opacity of the map.")] = 0.5
    size: Annotated[
        Literal["upload", "input"] | Annotated[int, Field(ge=1)],
        Field(description="As for predictions: longest side in pixels, or the upload's or the network's size."),
    ] = DEFAULT_SIZE_PX


class EvaluationsAnswer(Document):
    """Page of evaluations without their results, newest first."""

    evaluations: list[EvaluationState]
    next_cursor: int | None


class PartialMethod(Document):
    """Scores of a method that have been measured so far."""

    scores: Annotated[list[dict[str, Any]], Field(description="As in `result`, in the order of measurement.")]


class GrowingAnswer(Document):
    """Curves being measured, at some of the patch counts known so far."""

    method: str
    patch_size: int
    patches: Annotated[int, Field(description="Number of patches in the image: where the curves end.")]
    n: list[int]
    insertion_curve: list[float]
    deletion_curve: list[float]


class PartialAnswer(Document):
    """What has been measured of an evaluation so far."""

    methods: Annotated[dict[str, PartialMethod], Field(description="Methods with at least one score.")]
    growing: Annotated[GrowingAnswer | None, Field(description="Curves being measured; null between scores.")]

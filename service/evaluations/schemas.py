"""The documents of evaluations and sets, beside those that the queue itself defines."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.auth.key import Scope
from service.schemas import DEFAULT_SIZE_PX, Colormap, Document, Status
from worker.queue.contracts.evaluation import EvaluationState
from worker.queue.contracts.sets import SetItemState, SetState
from worker.queue.contracts.state import WorkerState
from worker.queue.store.store import Lane

MOST_LISTED = 100


class MapOptions(BaseModel):
    """The query of GET /v1/evaluations/{id}/maps/{method}.png."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: Annotated[
        float, Field(ge=0, le=1, allow_inf_nan=False, description="Nothing is drawn where the map is not above it.")
    ] = 0.0
    colormap: Annotated[Colormap, Field(description="Perceptually uniform colours.")] = "inferno"
    opacity: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, description="Of the map.")] = 0.5
    size: Annotated[
        Literal["upload", "input"] | Annotated[int, Field(ge=1)],
        Field(description="As of predictions: the longest side in pixels, or the upload's or the network's size."),
    ] = DEFAULT_SIZE_PX


class PageOptions(BaseModel):
    """The query of a list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cursor: Annotated[
        int | None, Field(ge=0, le=2**53, description="`next_cursor` of the page before; none: the first page.")
    ] = None
    limit: Annotated[int, Field(ge=1, le=MOST_LISTED)] = 20


class EvaluationsAnswer(Document):
    """A page of evaluations, newest first, without their results."""

    evaluations: list[EvaluationState]
    next_cursor: int | None


class PartialMethod(Document):
    """What is measured of a method by now."""

    scores: Annotated[list[dict[str, Any]], Field(description="As in `result`, in the order of measurement.")]


class GrowingAnswer(Document):
    """The curves of a score that is being measured, at some of the counts that are known."""

    method: str
    patch_size: int
    patches: Annotated[int, Field(description="In the whole image: where the curves end.")]
    n: list[int]
    insertion_curve: list[float]
    deletion_curve: list[float]


class PartialAnswer(Document):
    """What is measured of an evaluation by now."""

    methods: Annotated[dict[str, PartialMethod], Field(description="Those of which there is a score.")]
    growing: Annotated[GrowingAnswer | None, Field(description="What is being measured; null between scores.")]


class SetsAnswer(Document):
    """A page of sets, newest first, without their results."""

    sets: list[SetState]
    next_cursor: int | None


class SetItemsAnswer(Document):
    """A page of a set's images, in its order; each one's result is at /v1/evaluations/{id}."""

    items: list[SetItemState]
    next_cursor: int | None


class QueueAnswer(Document):
    """The queue as it was a moment ago."""

    depths: Annotated[dict[Lane, int], Field(description="Jobs that wait, by lane: single ones go first.")]
    oldest_age_s: Annotated[float, Field(description="For how long the next job has waited.")]
    limit: Annotated[int, Field(description="Evaluations that may wait; one more is answered 429.")]
    forward_s: Annotated[
        dict[str, float], Field(description="Of one image in the last evaluations, a mean, by the model's version.")
    ]


class DevicesAnswer(Document):
    """What networks run on."""

    service: str
    workers: list[str]


class KeyAnswer(Document):
    """The API key of this very request."""

    name: str
    scopes: Annotated[list[Scope], Field(description="What it lets in to; admin to all.")]


class StatusAnswer(Document):
    """Where the service and what it works with stand."""

    status: Status
    queue: Annotated[QueueAnswer | None, Field(description="null while Redis is away, or where there is none.")]
    workers: list[WorkerState]
    devices: DevicesAnswer
    key: Annotated[KeyAnswer | None, Field(description="null where the service asks for none.")]

"""Set of images evaluated alike: items, payload, aggregation job and state."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field

from worker.queue.contracts.base import Contract, Sha256
from worker.queue.contracts.evaluation import EvaluationParameters, EvaluationPayload, ModelVersion
from worker.queue.contracts.state import JobError, State, Status


class SetItem(Contract):
    """One image of a set."""

    file: Annotated[str, Field(min_length=1, max_length=1024)]
    label: Annotated[str, Field(min_length=1, max_length=256)] | None = None  # a class of the model
    image_sha256: Sha256
    mask_sha256: Sha256 | None = None


class SetPayload(Contract):
    """Images to evaluate with the same parameters, with tables over all of them."""

    kind: Literal["set"] = "set"
    model: ModelVersion
    parameters: EvaluationParameters = EvaluationParameters()
    items: Annotated[tuple[SetItem, ...], Field(min_length=1)]

    @cached_property
    def id(self) -> str:
        """Content hash."""
        return self.content_hash()

    def evaluation(self, item: SetItem) -> EvaluationPayload:
        """Return the evaluation of an item. Its target is the set's target if given, else the item's label.

        An equal evaluation that is submitted by itself is the same job.
        """
        target = self.parameters.target or item.label
        return EvaluationPayload(
            model=self.model,
            image_sha256=item.image_sha256,
            mask_sha256=item.mask_sha256,
            parameters=self.parameters.model_copy(update={"target": target}),
        )


class AggregatePayload(Contract):
    """Job that makes the tables of a set over the items that have ended."""

    kind: Literal["aggregate"] = "aggregate"
    set_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]

    @property
    def id(self) -> str:
        """One job per set."""
        return f"aggregate-{self.set_id}"


class SetRequest(Contract):
    """Request of a set without its items."""

    model: ModelVersion
    parameters: EvaluationParameters
    images: int


class SetState(State):
    """Body of GET /v1/evaluation-sets/{id}; `result` is partial until the set has ended."""

    request: SetRequest
    items: Mapping[Status, int]


class SetItemState(Contract):
    """One image of a set with the state of its evaluation."""

    file: str
    label: str | None
    image_sha256: str
    id: str  # of the evaluation
    status: Status
    pid: Mapping[str, Mapping[int, float]] | None = None  # by method and patch size m, once it has succeeded
    error: JobError | None = None

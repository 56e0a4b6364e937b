"""Evaluation of one image: parameters, payload and state."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from worker.queue.contracts.base import MAX_SEED, Contract, Sha256, Whole
from worker.queue.contracts.state import State

Method = Literal["attention", "lambda_attention", "rise", "grad_cam", "random", "edges"]


class EvaluationParameters(Contract):
    """Parameters of an evaluation: the fields of `model.evaluation.request.EvaluationRequest`, with bounds."""

    methods: Annotated[tuple[Method, ...], Field(min_length=1)] = (
        "attention",
        "lambda_attention",
        "rise",
        "grad_cam",
        "random",
    )
    patch_sizes: Annotated[
        tuple[Annotated[Whole, Field(ge=1, le=1024)], ...], Field(min_length=1, max_length=16)
    ] = (1, 2, 4, 8, 16)  # m, px
    protocol: Literal["paper", "published"] = "paper"
    step: Literal["auto", "recommended"] | Annotated[Whole, Field(ge=1, le=1_000_000)] = "auto"
    blank: Literal["black", "mean", "blur"] = "black"
    target: Annotated[str, Field(min_length=1, max_length=256)] | None = None  # label or index; None: predicted
    rise_masks: Annotated[Whole, Field(ge=1, le=100_000)] = 4000
    seed: Annotated[Whole, Field(ge=0, le=MAX_SEED)] = 0
    random_orders: Annotated[Whole, Field(ge=0, le=1000)] = 0  # of the random band; 0: no band

    @field_validator("methods", "patch_sizes")
    @classmethod
    def _refuse_repetitions(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(set(values)) != len(values):
            raise ValueError("must be a list without repetitions")
        return values


class ModelVersion(Contract):
    """A checkpoint by name and content, so that a later file of that name is another model."""

    name: Annotated[str, Field(min_length=1, max_length=256)]
    version: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]  # start of the file's sha256


class EvaluationPayload(Contract):
    """One image to evaluate. The id is a content hash, so an equal request is the same job."""

    kind: Literal["evaluation"] = "evaluation"
    model: ModelVersion
    image_sha256: Sha256
    mask_sha256: Sha256 | None = None
    parameters: EvaluationParameters = EvaluationParameters()

    @cached_property
    def id(self) -> str:
        """Content hash."""
        return self.content_hash()

    @property
    def uploads(self) -> tuple[str, ...]:
        """The sha256 of image and mask, without repetition."""
        return tuple(dict.fromkeys(filter(None, (self.image_sha256, self.mask_sha256))))


class EvaluationState(State):
    """Body of GET /v1/evaluations/{id}."""

    request: EvaluationPayload

"""What goes through the queue, and what is told of it: frozen documents, unknown keys refused, no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Generic, Literal, NamedTuple, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from worker.errors import PayloadRefused

Method = Literal["attention", "lambda_attention", "rise", "grad_cam", "random", "edges"]
Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]
ENDED: frozenset[Status] = frozenset({"succeeded", "failed", "cancelled"})
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Whole = Annotated[int, Field(strict=True)]
MAX_SEED = 2**63 - 1
ID_DIGITS = 32  # hex


class Contract(BaseModel):
    """Any document of the queue."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def read(cls, document: object) -> Self:
        """Read a document that came through the queue.

        Raises:
            PayloadRefused: it is of another kind; the message names what is wrong.
        """
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or cls.__name__
            raise PayloadRefused(f"{place}: {first['msg']}") from error

    def content_hash(self) -> str:
        """Return 32 hex digits of the sha256 of the document's canonical JSON."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:ID_DIGITS]


class EvaluationParameters(Contract):
    """What is to be measured of an image: the fields of `model.evaluation.request.EvaluationRequest`, bounded."""

    methods: Annotated[tuple[Method, ...], Field(min_length=1)] = (
        "attention",
        "lambda_attention",
        "rise",
        "grad_cam",
        "random",
    )
    patch_sizes: Annotated[
        tuple[Annotated[Whole, Field(ge=1, le=1024)], ...], Field(min_length=1, max_length=16)
    ] = (1, 2, 4, 8, 16)  # m in px
    protocol: Literal["paper", "published"] = "paper"
    step: Literal["auto", "recommended"] | Annotated[Whole, Field(ge=1, le=1_000_000)] = "auto"
    blank: Literal["black", "mean", "blur"] = "black"
    target: Annotated[str, Field(min_length=1, max_length=256)] | None = None  # label or index; None: predicted
    rise_masks: Annotated[Whole, Field(ge=1, le=100_000)] = 4000
    seed: Annotated[Whole, Field(ge=0, le=MAX_SEED)] = 0
    random_orders: Annotated[Whole, Field(ge=0, le=1000)] = 0  # behind a random band; 0: none

    @field_validator("methods", "patch_sizes")
    @classmethod
    def _refuse_repetitions(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(set(values)) != len(values):
            raise ValueError("must be a list without repetitions")
        return values


class ModelVersion(Contract):
    """A checkpoint, whatever is served under its name later."""

    name: Annotated[str, Field(min_length=1, max_length=256)]
    version: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]  # of the file's sha256


class EvaluationPayload(Contract):
    """One image to evaluate. Its content is its id: the same request again is the same job."""

    kind: Literal["evaluation"] = "evaluation"
    model: ModelVersion
    image_sha256: Sha256
    mask_sha256: Sha256 | None = None
    parameters: EvaluationParameters = EvaluationParameters()

    @cached_property
    def id(self) -> str:
        """The content hash."""
        return self.content_hash()

    @property
    def uploads(self) -> tuple[str, ...]:
        """The sha256 of each upload it needs."""
        return tuple(dict.fromkeys(filter(None, (self.image_sha256, self.mask_sha256))))


class SetItem(Contract):
    """An image of a set."""

    file: Annotated[str, Field(min_length=1, max_length=1024)]
    label: Annotated[str, Field(min_length=1, max_length=256)] | None = None  # a class of the model
    image_sha256: Sha256
    mask_sha256: Sha256 | None = None


class SetPayload(Contract):
    """Many images to evaluate in one way, and to be told of as a whole."""

    kind: Literal["set"] = "set"
    model: ModelVersion
    parameters: EvaluationParameters = EvaluationParameters()
    items: Annotated[tuple[SetItem, ...], Field(min_length=1)]

    @cached_property
    def id(self) -> str:
        """The content hash."""
        return self.content_hash()

    def evaluation(self, item: SetItem) -> EvaluationPayload:
        """Return the job of an item: its target is its label, unless the set names one for all.

        An item that is asked for by itself is the same job.
        """
        target = self.parameters.target or item.label
        return EvaluationPayload(
            model=self.model,
            image_sha256=item.image_sha256,
            mask_sha256=item.mask_sha256,
            parameters=self.parameters.model_copy(update={"target": target}),
        )


class AggregatePayload(Contract):
    """The tables of a set, over the items that have ended."""

    kind: Literal["aggregate"] = "aggregate"
    set_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]

    @property
    def id(self) -> str:
        """One job a set."""
        return f"aggregate-{self.set_id}"


class Progress(Contract):
    """How far a job is."""

    stage: str
    done: int  # forwards, or items of a set
    total: int  # at most; 0: not known yet
    eta_s: float | None = None


class JobError(Contract):
    """Why a job failed."""

    type: str  # a name of the closed set that worker.errors and model.errors make up
    detail: str


class State(Contract):
    """What is known of a job or set; times are ISO 8601 in UTC."""

    id: str
    status: Status
    progress: Progress
    result: dict[str, Any] | None = None
    error: JobError | None = None
    created_at: str
    started_at: str | None = None
    ended_at: str | None = None

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will come, unless it is asked for again."""
        return self.status in ENDED


class EvaluationState(State):
    """The body of GET /v1/evaluations/{id}."""

    request: EvaluationPayload


class SetRequest(Contract):
    """What was asked of a set, without its items."""

    model: ModelVersion
    parameters: EvaluationParameters
    images: int


class SetState(State):
    """The body of GET /v1/evaluation-sets/{id}; `result` is partial until it has ended."""

    request: SetRequest
    items: Mapping[Status, int]


class SetItemState(Contract):
    """An image of a set, and where its evaluation stands."""

    file: str
    label: str | None
    image_sha256: str
    id: str  # of the evaluation
    status: Status
    pid: Mapping[str, Mapping[int, float]] | None = None  # by method and patch size m, once it has succeeded
    error: JobError | None = None


AnyState = TypeVar("AnyState", bound=State)


class Event(NamedTuple, Generic[AnyState]):
    """Something new of a job or set: the newest state, whatever it was that happened."""

    id: str  # to go on behind it
    state: AnyState


class WorkerState(Contract):
    """A worker that was heard of lately."""

    name: str
    state: Literal["idle", "busy", "starting"]
    device: str
    host: str
    last_seen_at: str

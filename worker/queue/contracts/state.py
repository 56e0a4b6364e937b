"""State of a job or set: status, progress, error and the events that announce a change."""

from __future__ import annotations

from typing import Any, Generic, Literal, NamedTuple, TypeVar

from worker.queue.contracts.base import Contract

Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]
ENDED: frozenset[Status] = frozenset({"succeeded", "failed", "cancelled"})


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

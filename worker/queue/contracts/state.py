"""State of a job or set: status, progress, error and the events that announce a change."""

from __future__ import annotations

from typing import Any, Generic, Literal, NamedTuple, TypeVar

from worker.queue.contracts.base import Contract

Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]
ENDED: frozenset[Status] = frozenset({"succeeded", "failed", "cancelled"})


class Progress(Contract):
    """Progress of a job or set."""

    stage: str
    done: int  # forward passes, or images of a set
    total: int  # upper bound; 0: not known yet
    eta_s: float | None = None


class JobError(Contract):
    """Why a job failed."""

    type: str  # from a closed set: worker.queue.errors, model.errors, worker_lost, items_failed, internal
    detail: str


class State(Contract):
    """State of a job or set; times are ISO 8601 in UTC."""

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
        """Whether the state is final, unless the job is submitted again."""
        return self.status in ENDED


AnyState = TypeVar("AnyState", bound=State)


class Event(NamedTuple, Generic[AnyState]):
    """Change of a job or set, with its state at the time of reading."""

    id: str  # of the stream entry: where to continue reading
    state: AnyState


class WorkerState(Contract):
    """A worker with a recent heartbeat."""

    name: str
    state: Literal["idle", "busy", "starting"]
    device: str
    host: str
    last_seen_at: str

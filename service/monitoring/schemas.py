"""Documents of /healthz, /readyz and /v1/status."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from service.auth.key import Scope
from service.http.documents import Document
from worker.queue.contracts.state import WorkerState
from worker.queue.store.store import Lane

Status = Literal["starting", "ready", "degraded", "draining", "failed"]


class HealthAnswer(Document):
    """Whether the process is alive."""

    status: Literal["ok", "failed"]


class ReadinessAnswer(Document):
    """Whether predictions can be served, with every check behind it."""

    status: Annotated[
        Status, Field(description="degraded: predictions are served, evaluations wait for Redis or for a worker.")
    ]
    checks: dict[str, str]


class QueueAnswer(Document):
    """The queue, about a second ago."""

    depths: Annotated[dict[Lane, int], Field(description="Waiting jobs by lane; single evaluations go first.")]
    oldest_age_s: Annotated[float, Field(description="Waiting time of the next job.")]
    limit: Annotated[int, Field(description="Most evaluations that may wait; one more gets 429.")]
    forward_s: Annotated[
        dict[str, float],
        Field(description="Mean time of a forward pass per image in the last evaluations, by model version."),
    ]


class DevicesAnswer(Document):
    """Devices that networks run on."""

    service: str
    workers: list[str]


class KeyAnswer(Document):
    """API key of this request."""

    name: str
    scopes: Annotated[list[Scope], Field(description="Scopes of the key; admin includes all.")]


class StatusAnswer(Document):
    """State of the service, the queue and the workers."""

    status: Status
    queue: Annotated[QueueAnswer | None, Field(description="null while Redis is away, or without a queue.")]
    workers: list[WorkerState]
    devices: DevicesAnswer
    key: Annotated[KeyAnswer | None, Field(description="null if the service needs no key.")]

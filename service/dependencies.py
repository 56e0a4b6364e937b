"""What routes are given. All `async def`, though nothing is awaited: a plain function costs a thread hop."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.exceptions import RequestValidationError

from service.auth.key_ring import KeyRing
from service.auth.rate_limit import RateLimit
from service.errors import NoQueue
from service.http.admission import Admission
from service.lifecycle import Lifecycle
from service.models.registry import ModelRegistry
from service.monitoring.metrics import Metrics
from service.predictions.pipeline import Pipeline
from service.predictions.shadow import Shadow
from service.queue_side import QueueSide
from service.schemas import REPEATABLE
from service.settings import Settings

NO_QUEUE = (
    "this service was started without LABN_REDIS_URL, so it serves predictions only; `make serve` has a queue"
)
NO_QUEUE_RETRY_S = 60


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The finished collaborators of one application."""

    settings: Settings
    registry: ModelRegistry
    lifecycle: Lifecycle
    metrics: Metrics
    admission: Admission
    pipeline: Pipeline
    queue: QueueSide | None  # None: started without a Redis
    keys: KeyRing | None  # None: anybody is let in
    rate_limit: RateLimit | None
    shadow: Shadow | None


def parts_of(request: Request) -> Parts:
    """Return the collaborators of the application that serves this request."""
    parts: Parts = request.app.state.parts
    return parts


async def get_parts(request: Request) -> Parts:
    """`parts_of` as a dependency."""
    return parts_of(request)


PartsOfApp = Annotated[Parts, Depends(get_parts)]


async def require_ready(parts: PartsOfApp) -> None:
    """Let a prediction in.

    Raises:
        NotReady: the service is starting or draining.
    """
    parts.lifecycle.require_ready()


async def require_queue(parts: PartsOfApp) -> QueueSide:
    """Let a request for the queue in, without asking Redis: one that hangs would take a thread with each request.

    Raises:
        NoQueue: there is none.
        QueueAway: Redis did not answer a moment ago.
    """
    if parts.queue is None:
        raise NoQueue(NO_QUEUE, retry_after_s=NO_QUEUE_RETRY_S)
    parts.queue.watch.require_there()
    return parts.queue


QueueOfApp = Annotated[QueueSide, Depends(require_queue)]
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=255, description="Of the client's making.")]


async def require_single_values(request: Request) -> None:
    """Let a query in that says no thing twice: of two values the framework would take the last unasked.

    Raises:
        RequestValidationError: names what is repeated.
    """
    times = Counter(name for name, _ in request.query_params.multi_items() if name not in REPEATABLE)
    if repeated := [name for name, count in times.items() if count > 1]:
        raise RequestValidationError(
            [{"type": "repeated", "loc": ("query", name), "msg": "given more than once"} for name in repeated]
        )

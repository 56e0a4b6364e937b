"""Dependencies of routes about jobs: the queue, event streams, the idempotency key, the page of a list."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Query
from pydantic import BaseModel, ConfigDict, Field

from service.errors import NoQueue
from service.http.state import from_state
from service.jobs.event_streams import EventStreams
from service.jobs.watch import QueueWatch
from worker.queue.job_queue import JobQueue

LONGEST_PAGE = 100


class PageOptions(BaseModel):
    """Query of a list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cursor: Annotated[
        int | None, Field(ge=0, le=2**53, description="`next_cursor` of the previous page; none: the first page.")
    ] = None
    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE)] = 20


async def require_queue(
    jobs: Annotated[JobQueue | None, from_state("jobs")],
    watch: Annotated[QueueWatch | None, from_state("queue_watch")],
) -> JobQueue:
    """Return the queue. Does not ask Redis: while that hangs, each request would block a thread.

    Raises:
        NoQueue: the service runs without Redis.
        QueueAway: Redis did not answer at the last poll.
    """
    if jobs is None or watch is None:
        raise NoQueue
    watch.require_redis()
    return jobs


Jobs = Annotated[JobQueue, Depends(require_queue)]
Streams = Annotated[EventStreams, from_state("event_streams")]
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=255, description="Chosen by the client.")]
Page = Annotated[PageOptions, Query()]

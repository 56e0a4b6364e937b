"""HTTP answers about a job: its state, `Location`, `Retry-After` and event stream."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Hashable

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from service.http.etag import answer_with_etag
from service.jobs.event_streams import EventStreams, NextEvent
from telemetry.logs import FIELDS
from worker.queue.contracts.state import State
from worker.queue.errors import UnknownJob
from worker.queue.job_queue import JobQueue

JSON = "application/json"
EVENTS = "text/event-stream"
STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # keeps proxies from buffering events
LONGEST_RETRY_S = 60

logger = logging.getLogger("labn.queue")


def answer_submission(state: State, jobs: JobQueue, path: str) -> Response:
    """Answer a submission: 200 if the result exists already, else 202."""
    logger.info("job %s submitted: %s", state.id, state.status, extra={FIELDS: {"job_id": state.id}})
    headers = {"Location": f"{path}/{state.id}", **_retry(state, jobs)}
    status = 200 if state.status == "succeeded" else 202
    return Response(state.model_dump_json(), status, headers, JSON)


def answer_state(request: Request, state: State, jobs: JobQueue) -> Response:
    """Answer with the state of a job, or 304 if the client already has it."""
    return answer_with_etag(request, state.model_dump_json().encode(), JSON, _retry(state, jobs))


async def answer_events(request: Request, streams: EventStreams, job: Hashable, next_event: NextEvent) -> Response:
    """Answer with a job's events after the one that the client has seen; 204 if that was the last one.

    Raises:
        UnknownJob: no job of that id.
        QueueFull: too many streams are open.
    """
    streams.require_slot()
    seen = request.headers.get("last-event-id", "")
    newest = await asyncio.to_thread(next_event, "0")
    if newest is None:
        raise UnknownJob("no events of that id; they are kept for as long as the result")
    if newest.id == seen and newest.state.is_ended:
        return Response(status_code=204)  # tells a browser not to reconnect
    return StreamingResponse(streams.stream(job, next_event, seen=seen), headers=STREAM_HEADERS, media_type=EVENTS)


def _retry(state: State, jobs: JobQueue) -> dict[str, str]:
    if state.is_ended:
        return {}
    left_s = state.progress.eta_s
    seconds = jobs.monitor.expected_wait_s(state.id) if left_s is None else left_s
    return {"Retry-After": str(min(LONGEST_RETRY_S, max(1, math.ceil(seconds))))}

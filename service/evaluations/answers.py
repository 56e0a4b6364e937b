"""How a job is answered: its state as the body, when to ask again, and where it lies."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Hashable

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from service.http.etag import answer_once
from service.http.events import EventStreams, Look
from telemetry.logs import FIELDS
from worker.queue.contracts.state import State
from worker.queue.errors import UnknownJob
from worker.queue.job_queue import JobQueue

JSON = "application/json"
EVENTS = "text/event-stream"
STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # proxies shall not hold events back
LONGEST_RETRY_S = 60  # whoever asks again is told anew


logger = logging.getLogger("labn.queue")


def answer_submission(state: State, jobs: JobQueue, path: str) -> Response:
    """Answer a job that was asked for: 200 where its result is there already, else 202."""
    logger.info("job %s asked for: %s", state.id, state.status, extra={FIELDS: {"job_id": state.id}})
    headers = {"Location": f"{path}/{state.id}", **_retry(state, jobs)}
    status = 200 if state.status == "succeeded" else 202
    return Response(state.model_dump_json(), status, headers, JSON)


def answer_state(request: Request, state: State, jobs: JobQueue) -> Response:
    """Answer where a job stands, or 304 where the client knows."""
    return answer_once(request, state.model_dump_json().encode(), JSON, _retry(state, jobs))


async def answer_events(request: Request, streams: EventStreams, job: Hashable, look: Look) -> Response:
    """Answer with a job's events behind the one that the client has seen; 204 where that was the last one.

    Raises:
        UnknownJob: there is none.
        QueueFull: too many watch.
    """
    streams.require_place()
    seen = request.headers.get("last-event-id", "")
    newest = await asyncio.to_thread(look, "0")
    if newest is None:
        raise UnknownJob("no events of that id; they are kept for as long as the result")
    if newest.id == seen and newest.state.is_ended:
        return Response(status_code=204)  # which tells a browser not to come back
    return StreamingResponse(streams.stream(job, look, seen=seen), headers=STREAM_HEADERS, media_type=EVENTS)


def _retry(state: State, jobs: JobQueue) -> dict[str, str]:
    if state.is_ended:
        return {}
    left_s = state.progress.eta_s
    seconds = jobs.monitor.expected_wait_s(state.id) if left_s is None else left_s
    return {"Retry-After": str(min(LONGEST_RETRY_S, max(1, math.ceil(seconds))))}

"""/v1/evaluation-sets: many images evaluated in one way, and their scores together."""

from __future__ import annotations

import asyncio
import tempfile
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from service.auth.guard import require_scope
from service.dependencies import IdempotencyKey, Parts, PartsOfApp, QueueOfApp, require_single_values
from service.evaluations.answers import answer_events, answer_state, answer_submission
from service.evaluations.result_parts import table_of
from service.evaluations.schemas import PageOptions, SetItemsAnswer, SetsAnswer
from service.http.etag import answer_once
from service.http.multipart import Form
from service.openapi.evaluation_examples import ITEMS_EXAMPLE, SET_EXAMPLE, SETS_EXAMPLE
from service.openapi.evaluations import (
    CSV_ANSWER,
    EVENTS_ANSWER,
    SET_BODY,
    accepted,
    example_of,
    job_problems,
    state_answer,
)
from service.queue_side import QueueSide
from service.sets.archive import Bounds
from service.sets.submission import MOST_ITEMS, files_of, read_set_form, set_submission_of
from worker.queue.contracts.sets import SetState

PATH = "/v1/evaluation-sets"

router = APIRouter(prefix=PATH, tags=["evaluation sets"])


@router.post(
    "",
    status_code=202,
    summary="Ask for the scores of many images",
    response_model=SetState,
    responses={**accepted(SET_EXAMPLE), **job_problems(400, 404, 408, 413, 429)},
    openapi_extra={"requestBody": SET_BODY},
)
async def create_set(
    request: Request, parts: PartsOfApp, queue: QueueOfApp, idempotency_key: IdempotencyKey = None
) -> Response:
    """Take a zip of images and labels.csv, or the name of such a folder under LABN_DATASETS, as a form.

    labels.csv has the columns file,label and, if there are masks, mask. The same request again does what has failed
    or was cancelled.
    """
    settings = parts.settings
    with queue.sets.place(), tempfile.TemporaryFile() as file:
        form = await read_set_form(request, file, within_s=settings.upload_s, max_bytes=settings.max_set_bytes)
        state = await asyncio.to_thread(_submit, form, parts, queue, idempotency_key)
    return await asyncio.to_thread(answer_submission, state, queue.jobs, PATH)


@router.head("", include_in_schema=False)
@router.get(
    "",
    summary="List sets",
    responses={**example_of(SETS_EXAMPLE), **job_problems()},
    dependencies=[Depends(require_scope("admin")), Depends(require_single_values)],
)
def list_sets(options: Annotated[PageOptions, Query()], queue: QueueOfApp) -> SetsAnswer:
    """List the newest first; results are left out."""
    states, cursor = queue.jobs.sets.states(options.cursor, options.limit)
    return SetsAnswer(sets=states, next_cursor=cursor)


@router.head("/{id}", include_in_schema=False)
@router.get(
    "/{id}",
    summary="Where a set stands, and its result so far",
    response_model=SetState,
    responses={**state_answer(SET_EXAMPLE), **job_problems(404)},
)
def get_set(id: str, request: Request, queue: QueueOfApp) -> Response:  # noqa: A002  (the API's word)
    """Answer with an ETag: `If-None-Match` saves the body. The result is partial until the set has ended."""
    return answer_state(request, queue.jobs.sets.state(id), queue.jobs)


@router.delete(
    "/{id}",
    summary="Cancel a set and erase its uploads",
    responses={**example_of(SET_EXAMPLE), **job_problems(404)},
)
def delete_set(id: str, queue: QueueOfApp) -> SetState:  # noqa: A002
    """End what has not ended of it, but for images that were asked for by themselves or in another set."""
    return queue.jobs.sets.cancel(id)


@router.get("/{id}/events", summary="Watch a set", responses={**EVENTS_ANSWER, **job_problems(404, 429)})
async def watch_set(id: str, request: Request, queue: QueueOfApp) -> Response:  # noqa: A002
    """Server-sent events with the body of GET, until the set has ended; Last-Event-ID is honoured."""
    return await answer_events(request, queue.streams, (PATH, id), partial(queue.jobs.sets.next_event, id))


@router.head("/{id}/table.csv", include_in_schema=False)
@router.get(
    "/{id}/table.csv",
    summary="Mean scores with their intervals",
    response_class=Response,
    responses={200: CSV_ANSWER, **job_problems(404, 409)},
)
def get_table(id: str, request: Request, queue: QueueOfApp) -> Response:  # noqa: A002
    """Write a line a method and patch size, over the images that have succeeded so far."""
    return answer_once(request, table_of(queue.jobs, id).encode(), "text/csv")


@router.head("/{id}/items", include_in_schema=False)
@router.get(
    "/{id}/items",
    summary="The images of a set",
    responses={**example_of(ITEMS_EXAMPLE), **job_problems(404)},
    dependencies=[Depends(require_single_values)],
)
def list_items(id: str, options: Annotated[PageOptions, Query()], queue: QueueOfApp) -> SetItemsAnswer:  # noqa: A002
    """List them in the set's order, each with its PID by method and patch size.

    Curves and all else are in the result at /v1/evaluations/{id}.
    """
    items, cursor = queue.jobs.sets.items(id, options.cursor or 0, options.limit)
    return SetItemsAnswer(items=items, next_cursor=cursor)


def _submit(form: Form, parts: Parts, queue: QueueSide, idempotency_key: str | None) -> SetState:
    settings = parts.settings
    bounds = Bounds(items=MOST_ITEMS, file_bytes=settings.max_body_bytes, total_bytes=settings.max_set_bytes)
    files = files_of(form, datasets=settings.datasets, bounds=bounds)
    submission = set_submission_of(form, files, parts.registry, bounds=bounds)
    return queue.jobs.sets.submit(submission.payload, submission.uploads, idempotency_key=idempotency_key)

"""Routes of /v1/evaluation-sets."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from model.evaluation.tables.rows import csv_text
from model.evaluation.tables.scores import TABLE_COLUMNS
from service.auth.guard import require_scope
from service.errors import NotFinished
from service.http.etag import answer_with_etag
from service.http.query import require_single_values
from service.http.state import from_state
from service.jobs.answers import answer_events, answer_state, answer_submission
from service.jobs.dependencies import IdempotencyKey, Jobs, Page, Streams
from service.openapi.examples import load_example
from service.openapi.jobs import CSV_ANSWER, EVENTS_ANSWER, accepted, job_problems, state_answer
from service.openapi.responses import example_of
from service.sets.schemas import SetItemsAnswer, SetsAnswer
from service.sets.submission import SET_BODY, SetSubmissions
from worker.queue.contracts.sets import SetState
from worker.queue.job_queue import JobQueue

PATH = "/v1/evaluation-sets"
EXAMPLE = load_example("set")

router = APIRouter(prefix=PATH, tags=["evaluation sets"])


@router.post(
    "",
    status_code=202,
    summary="Submit a set of images for evaluation",
    response_model=SetState,
    responses={**accepted(EXAMPLE), **job_problems(400, 404, 408, 413, 429)},
    openapi_extra={"requestBody": SET_BODY},
)
async def create_set(
    request: Request,
    jobs: Jobs,
    submissions: Annotated[SetSubmissions, from_state("set_submissions")],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Send a zip of images and labels.csv, or the name of such a folder under LABN_DATASETS, as a form.

    labels.csv has the columns file,label and optionally mask. The same request again runs what has failed or was
    cancelled.
    """
    state = await submissions.submit(request, idempotency_key)
    return await asyncio.to_thread(answer_submission, state, jobs, PATH)


@router.head("", include_in_schema=False)
@router.get(
    "",
    summary="List sets",
    responses={**example_of(load_example("sets")), **job_problems()},
    dependencies=[Depends(require_scope("admin")), Depends(require_single_values)],
)
def list_sets(page: Page, jobs: Jobs) -> SetsAnswer:
    """List sets without their results, newest first."""
    states, cursor = jobs.sets.states(page.cursor, page.limit)
    return SetsAnswer(sets=states, next_cursor=cursor)


@router.head("/{id}", include_in_schema=False)
@router.get(
    "/{id}",
    summary="Get a set's state and its result so far",
    response_model=SetState,
    responses={**state_answer(EXAMPLE), **job_problems(404)},
)
def get_set(id: str, request: Request, jobs: Jobs) -> Response:  # noqa: A002  (the API's word)
    """Answers have an ETag: `If-None-Match` saves the body. The result is partial until the set has ended."""
    return answer_state(request, jobs.sets.state(id), jobs)


@router.delete(
    "/{id}",
    summary="Cancel a set and erase its uploads",
    responses={**example_of(EXAMPLE), **job_problems(404)},
)
def delete_set(id: str, jobs: Jobs) -> SetState:  # noqa: A002
    """Cancel its unfinished evaluations, except those that were also submitted singly or in another set."""
    return jobs.sets.cancel(id)


@router.get("/{id}/events", summary="Watch a set", responses={**EVENTS_ANSWER, **job_problems(404, 429)})
async def watch_set(id: str, request: Request, jobs: Jobs, streams: Streams) -> Response:  # noqa: A002
    """Server-sent events with the body of GET, until the set has ended. Supports Last-Event-ID."""
    return await answer_events(request, streams, (PATH, id), partial(jobs.sets.next_event, id))


@router.head("/{id}/table.csv", include_in_schema=False)
@router.get(
    "/{id}/table.csv",
    summary="Get mean scores with confidence intervals",
    response_class=Response,
    responses={200: CSV_ANSWER, **job_problems(404, 409)},
)
def get_table(id: str, request: Request, jobs: Jobs) -> Response:  # noqa: A002
    """One line per method and patch size, over the images that have succeeded so far."""
    return answer_with_etag(request, _table(jobs, id).encode(), "text/csv")


@router.head("/{id}/items", include_in_schema=False)
@router.get(
    "/{id}/items",
    summary="List the images of a set",
    responses={**example_of(load_example("items")), **job_problems(404)},
    dependencies=[Depends(require_single_values)],
)
def list_items(id: str, page: Page, jobs: Jobs) -> SetItemsAnswer:  # noqa: A002
    """List the images in the set's order, each with its PID by method and patch size.

    Curves and the rest of each result are at /v1/evaluations/{id}.
    """
    items, cursor = jobs.sets.items(id, page.cursor or 0, page.limit)
    return SetItemsAnswer(items=items, next_cursor=cursor)


def _table(jobs: JobQueue, set_id: str) -> str:
    """Return the mean scores of a set as CSV: of all its images and of each label, so far.

    Raises:
        UnknownJob: no set of that id.
        NotFinished: no image has been evaluated yet.
    """
    state = jobs.sets.state(set_id)
    if state.result is None:
        raise NotFinished(f"{set_id} is {state.status} and has no table yet")
    rows = ({"label": table["label"] or "", **row} for table in state.result["tables"] for row in table["rows"])
    return csv_text(("label", *TABLE_COLUMNS), rows)

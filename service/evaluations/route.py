"""/v1/evaluations: explanations of one image and their faithfulness, as a job."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from model.evaluation.tables.scores import curves_csv
from service.auth.guard import require_scope
from service.dependencies import IdempotencyKey, PartsOfApp, QueueOfApp, require_single_values
from service.evaluations.answers import answer_events, answer_state, answer_submission
from service.evaluations.curve_picture import draw_curves
from service.evaluations.form import read_evaluation_form
from service.evaluations.result_parts import map_of, result_of
from service.evaluations.schemas import EvaluationsAnswer, MapOptions, PageOptions
from service.evaluations.submission import submission_of
from service.http.etag import answer_once
from service.openapi.evaluation_examples import EVALUATION_EXAMPLE, EVALUATIONS_EXAMPLE
from service.openapi.evaluations import (
    CSV_ANSWER,
    EVALUATION_BODY,
    EVENTS_ANSWER,
    PNG_ANSWER,
    accepted,
    example_of,
    job_problems,
    state_answer,
)
from worker.queue.contracts.evaluation import EvaluationState

PATH = "/v1/evaluations"

router = APIRouter(prefix=PATH, tags=["evaluations"])


@router.post(
    "",
    status_code=202,
    summary="Ask for explanations of an image and their scores",
    response_model=EvaluationState,
    responses={**accepted(EVALUATION_EXAMPLE), **job_problems(400, 404, 408, 413, 415, 429)},
    openapi_extra={"requestBody": EVALUATION_BODY},
)
async def create_evaluation(
    request: Request, parts: PartsOfApp, queue: QueueOfApp, idempotency_key: IdempotencyKey = None
) -> Response:
    """Take the image and what to measure as a form.

    `curl -F image=@photo.jpg -F methods=attention,rise …`. The id is made of the content: the same request again is
    the same job; one that failed or was cancelled runs again.
    """
    with queue.submissions.place():
        form = await read_evaluation_form(request, within_s=parts.settings.upload_s)
        read = partial(submission_of, form, parts.registry, max_pixels=parts.settings.max_pixels)
        submission = await asyncio.get_running_loop().run_in_executor(queue.decoders, read)
        jobs, key, forwards = queue.jobs, idempotency_key, submission.forwards
        submit = partial(
            jobs.evaluations.submit, submission.payload, submission.uploads, idempotency_key=key, forwards=forwards
        )
        state = await asyncio.to_thread(submit)
    return await asyncio.to_thread(answer_submission, state, queue.jobs, PATH)


@router.head("", include_in_schema=False)
@router.get(
    "",
    summary="List evaluations",
    responses={**example_of(EVALUATIONS_EXAMPLE), **job_problems()},
    dependencies=[Depends(require_scope("admin")), Depends(require_single_values)],
)
def list_evaluations(options: Annotated[PageOptions, Query()], queue: QueueOfApp) -> EvaluationsAnswer:
    """List the newest first; results are left out."""
    states, cursor = queue.jobs.evaluations.states(options.cursor, options.limit)
    return EvaluationsAnswer(evaluations=states, next_cursor=cursor)


@router.head("/{id}", include_in_schema=False)
@router.get(
    "/{id}",
    summary="Where an evaluation stands, and its result",
    response_model=EvaluationState,
    responses={**state_answer(EVALUATION_EXAMPLE), **job_problems(404)},
)
def get_evaluation(id: str, request: Request, queue: QueueOfApp) -> Response:  # noqa: A002  (the API's word)
    """Answer with an ETag: `If-None-Match` saves the body. `Retry-After` says when to look again."""
    return answer_state(request, queue.jobs.evaluations.state(id), queue.jobs)


@router.delete(
    "/{id}",
    summary="Cancel an evaluation and erase its upload",
    response_model=EvaluationState,
    responses={**example_of(EVALUATION_EXAMPLE), **job_problems(404)},
)
def delete_evaluation(id: str, queue: QueueOfApp) -> EvaluationState:  # noqa: A002
    """End it where it has not ended; a running one stops within a batch. A result that is there stays."""
    return queue.jobs.evaluations.cancel(id)


@router.get("/{id}/events", summary="Watch an evaluation", responses={**EVENTS_ANSWER, **job_problems(404, 429)})
async def watch_evaluation(id: str, request: Request, queue: QueueOfApp) -> Response:  # noqa: A002
    """Server-sent events with the body of GET, until the evaluation has ended; Last-Event-ID is honoured."""
    return await answer_events(request, queue.streams, (PATH, id), partial(queue.jobs.evaluations.next_event, id))


@router.head("/{id}/curves.png", include_in_schema=False)
@router.get(
    "/{id}/curves.png",
    summary="The insertion and deletion curves as a picture",
    response_class=Response,
    responses={200: PNG_ANSWER, **job_problems(404, 409)},
)
def get_curve_picture(id: str, request: Request, queue: QueueOfApp) -> Response:  # noqa: A002
    """Draw a patch size beside the other, insertion solid, deletion dashed, a colour a method."""
    return answer_once(request, draw_curves(result_of(queue.jobs, id)), "image/png")


@router.head("/{id}/curves.csv", include_in_schema=False)
@router.get(
    "/{id}/curves.csv",
    summary="The insertion and deletion curves as a table",
    response_class=Response,
    responses={200: CSV_ANSWER, **job_problems(404, 409)},
)
def get_curve_table(id: str, request: Request, queue: QueueOfApp) -> Response:  # noqa: A002
    """Write all points, one a line; `share` is n / N."""
    return answer_once(request, curves_csv(result_of(queue.jobs, id)).encode(), "text/csv")


@router.head("/{id}/maps/{method}.png", include_in_schema=False)
@router.get(
    "/{id}/maps/{method}.png",
    summary="A method's map over the image",
    response_class=Response,
    responses={200: PNG_ANSWER, **job_problems(404, 409)},
    dependencies=[Depends(require_single_values)],
)
def get_map(
    id: str,  # noqa: A002
    method: str,
    request: Request,
    options: Annotated[MapOptions, Query()],
    parts: PartsOfApp,
    queue: QueueOfApp,
) -> Response:
    """Draw the map over the upload while that is kept, alone afterwards; each scaled to its own range."""
    picture = map_of(queue.jobs, parts.registry, id, method, options, max_pixels=parts.settings.max_pixels)
    return answer_once(request, picture, "image/png")

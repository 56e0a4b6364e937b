"""Routes of /v1/evaluations."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from model.evaluation.tables.scores import curves_csv
from service.auth.guard import require_scope
from service.evaluations.curve_picture import draw_curves
from service.evaluations.results import map_as_npy, map_as_png, partial_result, result_of
from service.evaluations.schemas import EvaluationsAnswer, MapOptions, PartialAnswer
from service.evaluations.submission import EVALUATION_BODY, EvaluationSubmissions
from service.http.etag import answer_with_etag
from service.http.query import require_single_values
from service.http.state import from_state
from service.jobs.answers import JSON, answer_events, answer_state, answer_submission
from service.jobs.dependencies import IdempotencyKey, Jobs, Page, Streams
from service.models.route import Registry
from service.openapi.examples import load_example
from service.openapi.jobs import (
    CSV_ANSWER,
    EVENTS_ANSWER,
    NPY_ANSWER,
    PNG_ANSWER,
    accepted,
    job_problems,
    state_answer,
)
from service.openapi.responses import example_of
from service.settings import Settings
from worker.queue.contracts.evaluation import EvaluationState

PATH = "/v1/evaluations"
EXAMPLE = load_example("evaluation")

router = APIRouter(prefix=PATH, tags=["evaluations"])


@router.post(
    "",
    status_code=202,
    summary="Submit an image for evaluation",
    response_model=EvaluationState,
    responses={**accepted(EXAMPLE), **job_problems(400, 404, 408, 413, 415, 429)},
    openapi_extra={"requestBody": EVALUATION_BODY},
)
async def create_evaluation(
    request: Request,
    jobs: Jobs,
    submissions: Annotated[EvaluationSubmissions, from_state("evaluation_submissions")],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Send the image and what to measure as a form.

    `curl -F image=@photo.jpg -F methods=attention,rise …`. The id is a hash of the content: the same request again
    is the same job; one that failed or was cancelled runs again.
    """
    state = await submissions.submit(request, idempotency_key)
    return await asyncio.to_thread(answer_submission, state, jobs, PATH)


@router.head("", include_in_schema=False)
@router.get(
    "",
    summary="List evaluations",
    responses={**example_of(load_example("evaluations")), **job_problems()},
    dependencies=[Depends(require_scope("admin")), Depends(require_single_values)],
)
def list_evaluations(page: Page, jobs: Jobs) -> EvaluationsAnswer:
    """List evaluations without their results, newest first."""
    states, cursor = jobs.evaluations.states(page.cursor, page.limit)
    return EvaluationsAnswer(evaluations=states, next_cursor=cursor)


@router.head("/{id}", include_in_schema=False)
@router.get(
    "/{id}",
    summary="Get an evaluation's state and result",
    response_model=EvaluationState,
    responses={**state_answer(EXAMPLE), **job_problems(404)},
)
def get_evaluation(id: str, request: Request, jobs: Jobs) -> Response:  # noqa: A002  (the API's word)
    """Answers have an ETag: `If-None-Match` saves the body. `Retry-After` says when to ask again."""
    return answer_state(request, jobs.evaluations.state(id), jobs)


@router.delete(
    "/{id}",
    summary="Cancel an evaluation and erase its upload",
    response_model=EvaluationState,
    responses={**example_of(EXAMPLE), **job_problems(404)},
)
def delete_evaluation(id: str, jobs: Jobs) -> EvaluationState:  # noqa: A002
    """Cancel the evaluation unless it has ended; a running one stops within one batch. An existing result stays."""
    return jobs.evaluations.cancel(id)


@router.get("/{id}/events", summary="Watch an evaluation", responses={**EVENTS_ANSWER, **job_problems(404, 429)})
async def watch_evaluation(id: str, request: Request, jobs: Jobs, streams: Streams) -> Response:  # noqa: A002
    """Server-sent events with the body of GET, until the evaluation has ended. Supports Last-Event-ID."""
    return await answer_events(request, streams, (PATH, id), partial(jobs.evaluations.next_event, id))


@router.head("/{id}/curves.png", include_in_schema=False)
@router.get(
    "/{id}/curves.png",
    summary="Get the insertion and deletion curves as a picture",
    response_class=Response,
    responses={200: PNG_ANSWER, **job_problems(404, 409)},
)
def get_curve_picture(id: str, request: Request, jobs: Jobs) -> Response:  # noqa: A002
    """One plot per patch size and one colour per method; insertion is solid, deletion dashed."""
    return answer_with_etag(request, draw_curves(result_of(jobs, id)), "image/png")


@router.head("/{id}/curves.csv", include_in_schema=False)
@router.get(
    "/{id}/curves.csv",
    summary="Get the insertion and deletion curves as a table",
    response_class=Response,
    responses={200: CSV_ANSWER, **job_problems(404, 409)},
)
def get_curve_table(id: str, request: Request, jobs: Jobs) -> Response:  # noqa: A002
    """One point per line; `share` is n / N."""
    return answer_with_etag(request, curves_csv(result_of(jobs, id)).encode(), "text/csv")


@router.head("/{id}/maps/{method}.png", include_in_schema=False)
@router.get(
    "/{id}/maps/{method}.png",
    summary="Get a method's map over the image",
    response_class=Response,
    responses={200: PNG_ANSWER, **job_problems(404, 409)},
    dependencies=[Depends(require_single_values)],
)
def get_map(
    id: str,  # noqa: A002
    method: str,
    request: Request,
    options: Annotated[MapOptions, Query()],
    jobs: Jobs,
    registry: Registry,
    settings: Annotated[Settings, from_state("settings")],
) -> Response:
    """The map over the upload while that is kept, later alone; maps other than attention are scaled to 0..1."""
    picture = map_as_png(jobs, registry, id, method, options, max_pixels=settings.max_pixels)
    return answer_with_etag(request, picture, "image/png")


@router.head("/{id}/partial", include_in_schema=False)
@router.get(
    "/{id}/partial",
    summary="Get the scores measured so far",
    response_model=PartialAnswer,
    responses={**state_answer(load_example("partial")), **job_problems(404, 409)},
)
def get_partial(id: str, request: Request, jobs: Jobs) -> Response:  # noqa: A002
    """Scores as in `result`, each as soon as it is measured.

    `growing` has the curves being measured, updated about once a second. `random_band` is measured last and null
    until then.
    """
    return answer_with_etag(request, partial_result(jobs, id).model_dump_json().encode(), JSON)


@router.head("/{id}/maps/{method}.npy", include_in_schema=False)
@router.get(
    "/{id}/maps/{method}.npy",
    summary="Get a method's map as numbers",
    response_class=Response,
    responses={200: NPY_ANSWER, **job_problems(404, 409)},
)
def get_map_values(id: str, method: str, request: Request, jobs: Jobs) -> Response:  # noqa: A002
    """(H, W) float32 at the size of the network's input, in the method's own units, with three digits."""
    return answer_with_etag(request, map_as_npy(jobs, id, method), "application/x-npy")

"""GET /v1/evaluations/{id}/partial: the scores and curves that are measured while the rest of them is not."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.dependencies import QueueOfApp
from service.evaluations.answers import JSON
from service.evaluations.result_parts import check_hopeful
from service.evaluations.route import PATH
from service.evaluations.schemas import GrowingAnswer, PartialAnswer, PartialMethod
from service.http.etag import answer_once
from service.openapi.evaluation_examples import PARTIAL_EXAMPLE
from service.openapi.evaluations import job_problems, state_answer
from worker.queue.job_queue import JobQueue

router = APIRouter(prefix=PATH, tags=["evaluations"])


@router.head("/{id}/partial", include_in_schema=False)
@router.get(
    "/{id}/partial",
    summary="The scores that are measured by now",
    response_model=PartialAnswer,
    responses={**state_answer(PARTIAL_EXAMPLE), **job_problems(404, 409)},
)
def get_partial(id: str, request: Request, queue: QueueOfApp) -> Response:  # noqa: A002  (the API's word)
    """Answer with each score as soon as it is measured, in the form of `result`; with all once it has succeeded.

    `growing` has the curves that are being measured, anew every second or so. `random_band` is measured last and
    null until then.
    """
    return answer_once(request, partial_of(queue.jobs, id).model_dump_json().encode(), JSON)


def partial_of(jobs: JobQueue, job_id: str) -> PartialAnswer:
    """Return what is measured of an evaluation; nothing while it waits.

    Raises:
        UnknownJob: there is none of that id.
        NotFinished: it ended without a result.
    """
    check_hopeful(jobs.evaluations.state(job_id, with_result=False))
    growing = jobs.store.results.partial_curves(job_id)  # first: what ends meanwhile is among the scores
    scores = jobs.store.results.scores(job_id)
    return PartialAnswer(
        methods={name: PartialMethod(scores=own) for name, own in scores.items()},
        growing=None if growing is None else GrowingAnswer(**growing),
    )

"""GET /v1/status: the queue, its workers, and what they run on."""

from __future__ import annotations

from fastapi import APIRouter

from service.dependencies import PartsOfApp
from service.evaluation_examples import STATUS_EXAMPLE
from service.evaluation_openapi import example_of
from service.evaluation_schemas import DevicesAnswer, QueueAnswer, StatusAnswer
from service.openapi import problem_responses
from service.readiness import status_of

router = APIRouter(prefix="/v1", tags=["evaluations"])


@router.head("/status", include_in_schema=False)
@router.get(
    "/status",
    summary="The queue, its workers and devices",
    responses={**example_of(STATUS_EXAMPLE), **problem_responses(401, 403, 429)},
)
async def get_status(parts: PartsOfApp) -> StatusAnswer:
    """Answer from what was seen a second ago at most, so that it is answered when Redis is not there."""
    view = parts.queue.watch.view if parts.queue else None
    workers = view.workers if view else []
    limit = parts.settings.queue_limit
    return StatusAnswer(
        status=status_of(parts),
        queue=QueueAnswer(depths=view.depths, oldest_age_s=view.oldest_age_s, limit=limit) if view else None,
        workers=workers,
        devices=DevicesAnswer(
            service=str(parts.registry.default.predictor.device), workers=[worker.device for worker in workers]
        ),
    )

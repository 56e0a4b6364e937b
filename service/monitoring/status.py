"""GET /v1/status: the queue, its workers, what they run on, and what the key that asks may do."""

from __future__ import annotations

from fastapi import APIRouter, Request

from service.auth.key import SCOPES, ApiKey
from service.dependencies import PartsOfApp
from service.evaluations.schemas import DevicesAnswer, KeyAnswer, QueueAnswer, StatusAnswer
from service.monitoring.queue_watch import QueueView
from service.monitoring.readiness import status_of
from service.openapi.description import problem_responses
from service.openapi.evaluation_examples import STATUS_EXAMPLE
from service.openapi.evaluations import example_of

router = APIRouter(prefix="/v1", tags=["evaluations"])


@router.head("/status", include_in_schema=False)
@router.get(
    "/status",
    summary="The queue, its workers and devices",
    responses={**example_of(STATUS_EXAMPLE), **problem_responses(401, 403, 429)},
)
async def get_status(request: Request, parts: PartsOfApp) -> StatusAnswer:
    """Answer from what was seen a second ago at most, so that it is answered when Redis is not there."""
    view = parts.queue.watch.view if parts.queue else None
    workers = view.workers if view else []
    return StatusAnswer(
        status=status_of(parts),
        queue=_queue_answer(view, parts.settings.queue_limit) if view else None,
        workers=workers,
        devices=DevicesAnswer(
            service=str(parts.registry.default.predictor.device), workers=[worker.device for worker in workers]
        ),
        key=_key_answer(getattr(request.state, "key", None)),
    )


def _queue_answer(view: QueueView, limit: int) -> QueueAnswer:
    return QueueAnswer(depths=view.depths, oldest_age_s=view.oldest_age_s, limit=limit, forward_s=view.forward_s)


def _key_answer(key: ApiKey | None) -> KeyAnswer | None:
    return KeyAnswer(name=key.name, scopes=[scope for scope in SCOPES if key.allows(scope)]) if key else None

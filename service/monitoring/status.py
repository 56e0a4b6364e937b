"""GET /v1/status: the queue, its workers and their devices, and the scopes of the request's key."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request

from service.auth.key import SCOPES, ApiKey
from service.http.state import from_state
from service.jobs.watch import QueueView
from service.models.route import Registry
from service.monitoring.health import ReadinessOfApp
from service.monitoring.schemas import DevicesAnswer, KeyAnswer, QueueAnswer, StatusAnswer
from service.openapi.examples import load_example
from service.openapi.responses import example_of, problem_responses
from service.settings import Settings

router = APIRouter(prefix="/v1", tags=["evaluations"])


@router.head("/status", include_in_schema=False)
@router.get(
    "/status",
    summary="Get the state of the queue, its workers and devices",
    responses={**example_of(load_example("status")), **problem_responses(401, 403, 429)},
)
async def get_status(
    request: Request,
    readiness: ReadinessOfApp,
    registry: Registry,
    settings: Annotated[Settings, from_state("settings")],
) -> StatusAnswer:
    """Answers from a snapshot that is about a second old, so it works while Redis is away."""
    view = readiness.queue
    workers = view.workers if view else []
    return StatusAnswer(
        status=readiness.status(),
        queue=_queue_answer(view, settings.queue_limit) if view else None,
        workers=workers,
        devices=DevicesAnswer(
            service=str(registry.default.predictor.device), workers=[worker.device for worker in workers]
        ),
        key=_key_answer(getattr(request.state, "key", None)),
    )


def _queue_answer(view: QueueView, limit: int) -> QueueAnswer:
    return QueueAnswer(depths=view.depths, oldest_age_s=view.oldest_age_s, limit=limit, forward_s=view.forward_s)


def _key_answer(key: ApiKey | None) -> KeyAnswer | None:
    return KeyAnswer(name=key.name, scopes=[scope for scope in SCOPES if key.allows(scope)]) if key else None

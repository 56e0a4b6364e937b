"""Whether the process lives, whether it can serve, and what it has counted."""

from __future__ import annotations

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response

from service.dependencies import PartsOfApp
from service.lifecycle import RETRY_AFTER_S, Phase
from service.monitoring.readiness import checks_of, status_of
from service.schemas import HealthAnswer, ReadinessAnswer

router = APIRouter(tags=["health"])


@router.head("/healthz", include_in_schema=False)
@router.get(
    "/healthz",
    summary="Is the process alive?",
    response_model=HealthAnswer,
    responses={503: {"model": HealthAnswer}},
)
async def get_health(parts: PartsOfApp) -> Response:
    """200 while the process can still come to serve: 503 tells a supervisor to restart it."""
    failed = parts.lifecycle.phase is Phase.FAILED or not parts.pipeline.inference.alive
    return JSONResponse({"status": "failed" if failed else "ok"}, 503 if failed else 200)


@router.head("/readyz", include_in_schema=False)
@router.get(
    "/readyz",
    summary="Can predictions be served?",
    response_model=ReadinessAnswer,
    responses={503: {"model": ReadinessAnswer}},
)
async def get_readiness(parts: PartsOfApp) -> Response:
    """200 from the end of the warm-up to the start of the drain, `degraded` or not: predictions need no queue."""
    is_ready = parts.lifecycle.phase is Phase.READY
    answer = ReadinessAnswer(status=status_of(parts), checks=checks_of(parts))
    headers = {} if is_ready else {"Retry-After": str(RETRY_AFTER_S)}
    return Response(answer.model_dump_json(), 200 if is_ready else 503, headers, "application/json")


@router.head("/metrics", include_in_schema=False)
@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
def get_metrics(parts: PartsOfApp) -> Response:
    """Text in Prometheus' exposition format."""
    return Response(generate_latest(parts.metrics.exposed), media_type=CONTENT_TYPE_LATEST)

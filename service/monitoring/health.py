"""GET /healthz, /readyz and /metrics."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response

from service.http.state import from_state
from service.lifecycle import RETRY_AFTER_S, Phase
from service.metrics.collectors import Metrics
from service.monitoring.readiness import Readiness
from service.monitoring.schemas import HealthAnswer, ReadinessAnswer

ReadinessOfApp = Annotated[Readiness, from_state("readiness")]

router = APIRouter(tags=["health"])


@router.head("/healthz", include_in_schema=False)
@router.get(
    "/healthz",
    summary="Is the process alive?",
    response_model=HealthAnswer,
    responses={503: {"model": HealthAnswer}},
)
async def get_health(readiness: ReadinessOfApp) -> Response:
    """200 while the process can serve or is starting; 503 tells a supervisor to restart it."""
    alive = readiness.is_alive
    return JSONResponse({"status": "ok" if alive else "failed"}, 200 if alive else 503)


@router.head("/readyz", include_in_schema=False)
@router.get(
    "/readyz",
    summary="Can predictions be served?",
    response_model=ReadinessAnswer,
    responses={503: {"model": ReadinessAnswer}},
)
async def get_readiness(readiness: ReadinessOfApp) -> Response:
    """200 from the end of the warm-up until the process drains, also when `degraded`: predictions need no queue."""
    is_ready = readiness.phase is Phase.READY
    answer = ReadinessAnswer(status=readiness.status(), checks=readiness.checks())
    headers = {} if is_ready else {"Retry-After": str(RETRY_AFTER_S)}
    return Response(answer.model_dump_json(), 200 if is_ready else 503, headers, "application/json")


@router.head("/metrics", include_in_schema=False)
@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
def get_metrics(metrics: Annotated[Metrics, from_state("metrics")]) -> Response:
    """Text in Prometheus' exposition format."""
    return Response(generate_latest(metrics.exposed), media_type=CONTENT_TYPE_LATEST)

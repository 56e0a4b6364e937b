"""Puts the application together from finished collaborators."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import Depends, FastAPI, params

from service.auth.guard import require_key, require_scope, require_this_machine
from service.auth.key_ring import open_key_ring
from service.auth.rate_limit import make_rate_limit
from service.dependencies import Parts
from service.evaluations import map_values, partial
from service.evaluations import route as evaluations
from service.http.access import Access
from service.http.admission import Admission
from service.http.body_limit import BodyLimit
from service.http.headers import AnswerHeaders
from service.http.problems import REASONS, add_problem_handlers
from service.http.spans import RequestSpans
from service.lifecycle import Lifecycle, Phase
from service.models import route as models
from service.models.registry import ModelRegistry
from service.monitoring import health, status
from service.monitoring.metrics import Metrics
from service.openapi import route as docs
from service.openapi.description import DESCRIPTION, TITLE
from service.page import route as page
from service.predictions import route as predictions
from service.predictions.batching import InferenceThread
from service.predictions.pipeline import Pipeline
from service.predictions.shadow import make_shadow
from service.queue_side import make_queue_side
from service.sets import route as evaluation_sets
from service.settings import Settings, usable_cores
from telemetry.spans import Tracing
from telemetry.tracing import NO_TRACING

API_VERSION = "1"

logger = logging.getLogger("labn.service")


def create_app(
    settings: Settings, registry: ModelRegistry, lifecycle: Lifecycle, tracing: Tracing = NO_TRACING
) -> FastAPI:
    """Return the application: it warms up in the background from its start, and is ready afterwards."""
    parts = _assemble(settings, registry, lifecycle, tracing)
    app = FastAPI(
        title=TITLE,
        description=DESCRIPTION,
        version=API_VERSION,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan_of(parts),
    )
    app.state.parts = parts
    larger = {evaluation_sets.PATH: settings.max_set_bytes}
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes, larger=larger)
    app.add_middleware(Access, metrics=parts.metrics, lifecycle=lifecycle)
    app.add_middleware(AnswerHeaders)
    app.add_middleware(RequestSpans, tracing=tracing)  # added last: outermost
    add_problem_handlers(app)
    lock = _lock_of(parts)
    for routes in (models, status):
        app.include_router(routes.router, dependencies=lock)
    app.include_router(predictions.router, dependencies=[*lock, Depends(require_scope("predict"))])
    for routes in (evaluations, partial, map_values, evaluation_sets):
        app.include_router(routes.router, dependencies=[*lock, Depends(require_scope("evaluate"))])
    for routes in (health, docs, page):
        app.include_router(routes.router)
    return app


def _lock_of(parts: Parts) -> list[params.Depends]:
    """Return what every request below /v1 has to pass."""
    if parts.keys:
        return [Depends(require_key)]
    return [] if parts.settings.open_to_all else [Depends(require_this_machine)]


def _assemble(settings: Settings, registry: ModelRegistry, lifecycle: Lifecycle, tracing: Tracing) -> Parts:
    metrics = Metrics(rejection_reasons=REASONS)
    for model in registry:
        metrics.model_info.labels(model.name, model.version, model.predictor.loaded.config.preset).set(1)
    inference = InferenceThread(
        [model.predictor for model in registry],
        max_batch=settings.max_batch,
        threads=settings.threads,
        metrics=metrics,
    )
    admission = Admission(places=settings.max_waiting, seconds_per_image=lambda: inference.seconds_per_image)
    pipeline = Pipeline(inference=inference, workers=usable_cores(), metrics=metrics, tracing=tracing)
    return Parts(
        settings=settings,
        registry=registry,
        lifecycle=lifecycle,
        metrics=metrics,
        admission=admission,
        pipeline=pipeline,
        queue=make_queue_side(settings, lifecycle, metrics),
        keys=open_key_ring(settings),
        rate_limit=make_rate_limit(settings),
        shadow=make_shadow(settings, registry, inference, metrics),
    )


def _lifespan_of(parts: Parts) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        parts.pipeline.start()
        if parts.queue:
            parts.queue.start()
        warming = asyncio.create_task(_become_ready(parts.pipeline.inference, parts.lifecycle))
        yield
        warming.cancel()
        if parts.shadow:
            parts.shadow.stop()
        await asyncio.to_thread(parts.pipeline.stop)
        if parts.queue:
            await asyncio.to_thread(parts.queue.stop)
        if parts.rate_limit:
            await parts.rate_limit.stop()

    return lifespan


async def _become_ready(inference: InferenceThread, lifecycle: Lifecycle) -> None:
    try:
        await asyncio.wrap_future(inference.warm)
    except Exception:  # logged where it was raised; the process stays up to say so
        lifecycle.phase = Phase.FAILED
        return
    lifecycle.finish_warm_up()
    logger.info("ready: %.1f ms an image", inference.seconds_per_image * 1000)

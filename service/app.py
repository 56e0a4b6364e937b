"""Composition: builds the collaborators from the settings and puts the application together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import torch
from fastapi import Depends, FastAPI, params
from prometheus_client import disable_created_metrics
from starlette.middleware import Middleware

from model.runtime.allocator import keep_memory
from service.auth.guard import require_key, require_scope, require_this_machine
from service.auth.key_ring import KeyRing, open_key_ring
from service.auth.rate_limit import RateLimit, make_rate_limit
from service.errors import SettingsError
from service.evaluations import route as evaluations
from service.evaluations.submission import EvaluationSubmissions
from service.http.access import Access
from service.http.admission import Admission
from service.http.body_limit import BodyLimit
from service.http.headers import AnswerHeaders
from service.http.problems import REASONS, add_problem_handlers
from service.http.spans import RequestSpans
from service.jobs.connection import open_queue
from service.jobs.event_streams import EventStreams
from service.jobs.metrics import QueueCollector
from service.jobs.watch import QueueWatch
from service.lifecycle import Lifecycle, Phase
from service.metrics.collectors import Metrics
from service.models import route as models
from service.models.registry import ModelRegistry, load_registry
from service.monitoring import health, status
from service.monitoring.readiness import Readiness
from service.openapi import route as docs
from service.page import route as page
from service.predictions import route as predictions
from service.predictions.batching import InferenceThread
from service.predictions.pipeline import Pipeline
from service.predictions.shadow import make_shadow
from service.sets import route as evaluation_sets
from service.sets.submission import SetSubmissions
from service.settings import Settings, usable_cores
from telemetry.logs import configure_logs
from telemetry.spans import Tracing
from telemetry.tracing import NO_TRACING, start_tracing

API_VERSION = "1"

logger = logging.getLogger("labn.service")


def prepare_process() -> None:
    """Set process-wide options. Call it before anything is loaded."""
    keep_memory()
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # it warns of bodies that get a 400 anyway
    disable_created_metrics()  # type: ignore[no-untyped-call]  # untyped


def compose(settings: Settings, environment: Mapping[str, str], lifecycle: Lifecycle) -> FastAPI:
    """Load the models and return the application.

    Args:
        settings: of the service.
        environment: holds OpenTelemetry's own variables.
        lifecycle: of the process.

    Raises:
        SettingsError: the device or the checkpoints are not available.
        CheckpointError: a file is not a valid checkpoint.
    """
    configure_logs(settings.log_format)
    # Only the inference thread may have a team of OpenMP threads: with a second team on the same cores OpenMP
    # sleeps instead of spinning, and a forward pass takes twice as long (docs/adr/0001).
    torch.set_num_threads(1)
    registry = load_registry(settings.checkpoints, default=settings.default_model, device=_device(settings))
    return create_app(settings, registry, lifecycle, start_tracing("labn-service", environment))


def create_app(
    settings: Settings, registry: ModelRegistry, lifecycle: Lifecycle, tracing: Tracing = NO_TRACING
) -> FastAPI:
    """Return the application. It warms up in the background once started, and is ready afterwards."""
    metrics = Metrics(rejection_reasons=REASONS)
    key_ring, rate_limit = open_key_ring(settings), make_rate_limit(settings)
    app = FastAPI(
        title=docs.TITLE,
        description=docs.DESCRIPTION,
        version=API_VERSION,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan(rate_limit),
        middleware=[  # outermost first
            Middleware(RequestSpans, tracing=tracing),
            Middleware(AnswerHeaders),
            Middleware(Access, metrics=metrics, lifecycle=lifecycle),
            Middleware(
                BodyLimit,
                max_bytes=settings.max_body_bytes,
                larger={evaluation_sets.PATH: settings.max_set_bytes},
            ),
        ],
    )
    add_problem_handlers(app, metrics)
    _set_state(app, settings, registry, lifecycle, metrics, tracing)
    _include_routes(app, _guards(settings, key_ring, rate_limit))
    return app


def _set_state(
    app: FastAPI,
    settings: Settings,
    registry: ModelRegistry,
    lifecycle: Lifecycle,
    metrics: Metrics,
    tracing: Tracing,
) -> None:
    """Build the collaborators; a route declares those that it uses with `from_state`."""
    for model in registry:
        metrics.model_info.labels(model.name, model.version, model.predictor.loaded.config.preset).set(1)
    inference = InferenceThread(
        [model.predictor for model in registry],
        max_batch=settings.max_batch,
        threads=settings.threads,
        metrics=metrics,
    )
    slots = Admission(slots=settings.max_waiting, seconds_per_request=lambda: inference.seconds_per_image)
    state = app.state
    state.settings, state.registry, state.lifecycle, state.metrics = settings, registry, lifecycle, metrics
    state.pipeline = Pipeline(inference=inference, workers=usable_cores(), metrics=metrics, tracing=tracing)
    state.prediction_slots = slots
    state.shadow = make_shadow(settings, registry, inference, metrics)
    _set_queue_state(app, settings, registry, lifecycle, metrics)
    state.readiness = Readiness(
        lifecycle=lifecycle,
        registry=registry,
        inference=inference,
        prediction_slots=slots,
        watch=state.queue_watch,
    )


def _set_queue_state(
    app: FastAPI, settings: Settings, registry: ModelRegistry, lifecycle: Lifecycle, metrics: Metrics
) -> None:
    """Build the collaborators that need the queue; all are None without Redis. Connects at the first command.

    Raises:
        SettingsError: LABN_REDIS_URL is not a valid address.
    """
    state = app.state
    state.jobs = state.queue_watch = state.event_streams = None
    state.evaluation_submissions = state.set_submissions = None
    if not settings.has_queue:
        return
    state.jobs = jobs = open_queue(settings)
    state.queue_watch = QueueWatch(jobs)
    state.event_streams = EventStreams(lifecycle)
    state.evaluation_submissions = EvaluationSubmissions(
        jobs, registry, upload_s=settings.upload_s, max_pixels=settings.max_pixels
    )
    state.set_submissions = SetSubmissions(jobs, registry, settings)
    metrics.exposed.register(QueueCollector(state.queue_watch))


def _guards(settings: Settings, key_ring: KeyRing | None, rate_limit: RateLimit | None) -> list[params.Depends]:
    """Return the guards of every request under /v1."""
    if key_ring:
        return [Depends(require_key(key_ring, rate_limit))]
    return [] if settings.open_to_all else [Depends(require_this_machine)]


def _include_routes(app: FastAPI, guards: list[params.Depends]) -> None:
    for routes in (models, status):
        app.include_router(routes.router, dependencies=guards)
    app.include_router(predictions.router, dependencies=[*guards, Depends(require_scope("predict"))])
    for routes in (evaluations, evaluation_sets):
        app.include_router(routes.router, dependencies=[*guards, Depends(require_scope("evaluate"))])
    for routes in (health, docs, page):
        app.include_router(routes.router)


def _lifespan(rate_limit: RateLimit | None) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        state = app.state
        state.pipeline.start()
        if state.queue_watch:
            state.queue_watch.start()
        warming = asyncio.create_task(_become_ready(state.pipeline.inference, state.lifecycle))
        yield
        warming.cancel()
        if state.shadow:
            state.shadow.stop()
        await asyncio.to_thread(state.pipeline.stop)
        if state.jobs:
            await asyncio.to_thread(state.queue_watch.stop)
            state.event_streams.stop()
            state.evaluation_submissions.stop()
            state.jobs.store.redis.close()
        if rate_limit:
            await rate_limit.stop()

    return lifespan


async def _become_ready(inference: InferenceThread, lifecycle: Lifecycle) -> None:
    try:
        await asyncio.wrap_future(inference.warm)
    except Exception:  # logged by the inference thread; the process stays up to report it
        lifecycle.phase = Phase.FAILED
        return
    lifecycle.finish_warm_up()
    logger.info("ready: %.1f ms per image", inference.seconds_per_image * 1000)


def _device(settings: Settings) -> str:
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise SettingsError("LABN_DEVICE: no CUDA device; use cpu or auto")
    return "cuda" if settings.device != "cpu" and torch.cuda.is_available() else "cpu"

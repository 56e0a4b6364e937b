"""Puts the application together from finished collaborators."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from fastapi import FastAPI

from service.access import Access
from service.admission import Admission
from service.batching import InferenceThread
from service.dependencies import Parts
from service.lifecycle import Lifecycle, Phase
from service.limits import BodyLimit
from service.metrics import Metrics
from service.openapi import DESCRIPTION, TITLE
from service.pipeline import Pipeline
from service.problems import REASONS, add_problem_handlers
from service.registry import ModelRegistry
from service.routes import docs, health, models, predictions
from service.settings import Settings, usable_cores

logger = logging.getLogger("labn.service")


def create_app(settings: Settings, registry: ModelRegistry, lifecycle: Lifecycle) -> FastAPI:
    """Return the application: it warms up in the background from its start, and is ready afterwards."""
    metrics = Metrics(rejection_reasons=REASONS)
    for model in registry:
        metrics.model_info.labels(model.name, model.version, model.predictor.loaded.config.preset).set(1)
    pool = ThreadPoolExecutor(usable_cores(), thread_name_prefix="labn-pictures")
    inference = InferenceThread(
        [model.predictor for model in registry],
        max_batch=settings.max_batch,
        threads=settings.threads,
        metrics=metrics,
    )
    admission = Admission(places=settings.max_waiting, seconds_per_image=lambda: inference.seconds_per_image)
    pipeline = Pipeline(admission=admission, inference=inference, pool=pool, metrics=metrics)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        inference.start()
        warming = asyncio.create_task(_become_ready(inference, lifecycle))
        yield
        warming.cancel()
        await asyncio.to_thread(inference.stop)
        pool.shutdown(wait=False, cancel_futures=True)

    app = FastAPI(
        title=TITLE, description=DESCRIPTION, version="1", docs_url=None, redoc_url=None, lifespan=lifespan
    )
    app.state.parts = Parts(
        settings=settings, registry=registry, lifecycle=lifecycle, metrics=metrics, pipeline=pipeline
    )
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    app.add_middleware(Access, metrics=metrics, lifecycle=lifecycle)  # added last: outermost
    add_problem_handlers(app)
    for routes in (predictions, models, health, docs):
        app.include_router(routes.router)
    return app


async def _become_ready(inference: InferenceThread, lifecycle: Lifecycle) -> None:
    try:
        await asyncio.wrap_future(inference.warm)
    except Exception:  # logged where it was raised; the process stays up to say so
        lifecycle.phase = Phase.FAILED
        return
    lifecycle.finish_warm_up()
    logger.info("ready: %.1f ms an image", inference.seconds_per_image * 1000)

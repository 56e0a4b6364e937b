"""Shadow traffic: compare another version of a model with the one that answers, after the answer was sent.

A shadow's forward pass runs on the inference thread when nothing waits there (docs/adr/0001), so a prediction that
arrives meanwhile waits for at most one pass. The image is decoded again, since the other version's input size may
differ: one at a time, in a separate thread.
"""

from __future__ import annotations

import asyncio
import logging
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import torch

from model.errors import LabnError
from model.predictor import Prediction
from service.errors import SettingsError, UnknownModel
from service.metrics.collectors import Metrics
from service.models.registry import ModelRegistry, ServedModel
from service.predictions.batching import InferenceThread
from service.predictions.request import PredictionRequest, prepare
from service.settings import Settings

MAX_WAITING = 4  # uploads that wait for the shadow, each held in memory

logger = logging.getLogger("labn.shadow")


class Shadow:
    """Shadow of one model version. Used by the event loop's thread only."""

    def __init__(self, model: ServedModel, *, share: float, inference: InferenceThread, metrics: Metrics) -> None:
        self._model = model
        self._share = share
        self._inference = inference
        self._metrics = metrics
        self._running: set[asyncio.Task[None]] = set()
        self._decoder = ThreadPoolExecutor(
            1, thread_name_prefix="labn-shadow", initializer=torch.set_num_threads, initargs=(1,)
        )
        metrics.add_shadow(model.reference)

    async def offer(self, request: PredictionRequest, answered: Prediction) -> None:
        """Maybe compare a prediction whose answer was sent; returns at once."""
        is_other_version = request.model.name == self._model.name and request.model is not self._model
        if not is_other_version or random.random() >= self._share:  # noqa: S311  (draws a sample)
            return
        if len(self._running) >= MAX_WAITING:
            self._count("dropped")
            return
        task = asyncio.create_task(self._compare(replace(request, model=self._model), answered))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def stop(self) -> None:
        """Cancel running comparisons."""
        for task in self._running:
            task.cancel()
        self._decoder.shutdown(wait=False, cancel_futures=True)

    async def _compare(self, request: PredictionRequest, answered: Prediction) -> None:
        try:
            shadowed = await self._predict(request)
        except LabnError as error:
            logger.warning("the shadow did not answer request %s: %s", request.id, error)
            self._count("failed")
            return
        except Exception:  # must not affect the answer, which was sent
            logger.exception("the shadow failed on request %s", request.id)
            self._count("failed")
            return
        pairs = zip(answered.probabilities, shadowed.probabilities, strict=True)
        difference = max(abs(mine - other) for mine, other in pairs)
        self._metrics.shadow_difference.labels(self._model.reference).observe(difference)
        self._count("agreed" if shadowed.index == answered.index else "differed")

    async def _predict(self, request: PredictionRequest) -> Prediction:
        prepared = await asyncio.get_running_loop().run_in_executor(self._decoder, prepare, request)
        future = self._inference.submit(request.model.predictor, prepared.image, method=None, low_priority=True)
        return (await asyncio.wrap_future(future)).prediction

    def _count(self, outcome: str) -> None:
        self._metrics.shadow_predictions.labels(self._model.reference, outcome).inc()


def make_shadow(
    settings: Settings, registry: ModelRegistry, inference: InferenceThread, metrics: Metrics
) -> Shadow | None:
    """Return the shadow, None if none is set.

    Raises:
        SettingsError: no such model, no other version of its name, or a version with other classes.
    """
    if settings.shadow_model is None:
        return None
    try:
        model = registry.find(settings.shadow_model)
    except UnknownModel as error:
        raise SettingsError(f"LABN_SHADOW_MODEL: {error}") from error
    others = [other for other in registry if other.name == model.name and other.version != model.version]
    if not others:
        raise SettingsError(
            f"LABN_SHADOW_MODEL: no other version of {model.name} is served, so there is nothing to compare"
        )
    if any(other.predictor.loaded.labels != model.predictor.loaded.labels for other in others):
        raise SettingsError(
            f"LABN_SHADOW_MODEL: versions of {model.name} have other classes than {model.reference}"
        )
    return Shadow(model, share=settings.shadow_share, inference=inference, metrics=metrics)

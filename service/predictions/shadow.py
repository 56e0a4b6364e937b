"""Shadow traffic: what another version of a model would have answered, asked behind the answer and only counted.

A shadow's forward pass runs on the inference thread when nothing waits there (docs/adr/0001), so a prediction that
comes meanwhile waits for one pass at most. Its image is decoded once more, for the other network's size may be
another: one at a time, in a thread of its own.
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
from service.models.registry import ModelRegistry, ServedModel
from service.monitoring.metrics import Metrics
from service.predictions.batching import InferenceThread
from service.predictions.request import Question, prepare
from service.settings import Settings

PLACES = 4  # uploads that may wait for the shadow: each is memory

logger = logging.getLogger("labn.shadow")


class Shadow:
    """One model beside the one that answers. Belongs to the event loop's thread."""

    def __init__(self, model: ServedModel, *, share: float, inference: InferenceThread, metrics: Metrics) -> None:
        self._model = model
        self._share = share
        self._inference = inference
        self._metrics = metrics
        self._under_way: set[asyncio.Task[None]] = set()
        self._decoder = ThreadPoolExecutor(
            1, thread_name_prefix="labn-shadow", initializer=torch.set_num_threads, initargs=(1,)
        )
        metrics.add_shadow(model.reference)

    async def offer(self, question: Question, answered: Prediction) -> None:
        """Take a prediction whose answer was sent, and return at once; it may be left out or dropped."""
        is_other_version = question.model.name == self._model.name and question.model is not self._model
        if not is_other_version or random.random() >= self._share:  # noqa: S311  (draws a sample)
            return
        if len(self._under_way) >= PLACES:
            self._count("dropped")
            return
        task = asyncio.create_task(self._compare(replace(question, model=self._model), answered))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def stop(self) -> None:
        """Give up what is under way."""
        for task in self._under_way:
            task.cancel()
        self._decoder.shutdown(wait=False, cancel_futures=True)

    async def _compare(self, question: Question, answered: Prediction) -> None:
        try:
            shadowed = await self._ask(question)
        except LabnError as error:
            logger.warning("the shadow did not answer request %s: %s", question.id, error)
            self._count("failed")
            return
        except Exception:  # the shadow's own: whoever asked has their answer
            logger.exception("the shadow broke on request %s", question.id)
            self._count("failed")
            return
        pairs = zip(answered.probabilities, shadowed.probabilities, strict=True)
        difference = max(abs(mine - other) for mine, other in pairs)
        self._metrics.shadow_difference.labels(self._model.reference).observe(difference)
        self._count("agreed" if shadowed.index == answered.index else "differed")

    async def _ask(self, question: Question) -> Prediction:
        prepared = await asyncio.get_running_loop().run_in_executor(self._decoder, prepare, question)
        future = self._inference.submit(question.model.predictor, prepared.image, method=None, spare=True)
        return (await asyncio.wrap_future(future)).prediction

    def _count(self, outcome: str) -> None:
        self._metrics.shadow_predictions.labels(self._model.reference, outcome).inc()


def make_shadow(
    settings: Settings, registry: ModelRegistry, inference: InferenceThread, metrics: Metrics
) -> Shadow | None:
    """Return the shadow, None where none is set.

    Raises:
        SettingsError: there is no such model, no other version of its name, or one with other classes.
    """
    if settings.shadow_model is None:
        return None
    try:
        model = registry.find(settings.shadow_model)
    except UnknownModel as error:
        raise SettingsError(f"LABN_SHADOW_MODEL: {error}") from error
    others = [other for other in registry if other.name == model.name and other.version != model.version]
    if not others:
        raise SettingsError(f"LABN_SHADOW_MODEL: no other version of {model.name} is served to compare it with")
    if any(other.predictor.loaded.labels != model.predictor.loaded.labels for other in others):
        raise SettingsError(
            f"LABN_SHADOW_MODEL: versions of {model.name} have other classes than {model.reference}"
        )
    return Shadow(model, share=settings.shadow_share, inference=inference, metrics=metrics)

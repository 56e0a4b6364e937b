"""Inference thread: runs the network on all waiting images as one batch, without waiting for more.

Micro-batching on one thread beats several inference threads on the same cores, in throughput and in the worst case,
because torch already uses every core within a forward pass (docs/adr/0001).
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Condition, Thread
from time import perf_counter

import torch
from torch import Tensor

from model.errors import NonFiniteOutput
from model.predictor import Prediction, Predictor
from service.metrics.collectors import Metrics

STOP_S = 5.0  # for the running batch when the process ends
SMOOTHING = 0.1  # weight of the newest batch in the moving average of seconds per image

logger = logging.getLogger("labn.inference")


@dataclass(frozen=True, kw_only=True)
class Computed:
    """Prediction with its durations."""

    prediction: Prediction
    queue_s: float
    infer_s: float  # of the whole batch, which every request in it waits for


@dataclass(frozen=True, kw_only=True, eq=False)
class _Waiting:
    predictor: Predictor
    image: Tensor  # (1, C, H, W)
    method: str | None
    low_priority: bool
    future: Future[Computed] = field(default_factory=Future)
    since: float = field(default_factory=perf_counter)

    @property
    def key(self) -> tuple[int, str | None, bool]:
        """Requests with equal keys can share a forward pass."""
        return id(self.predictor), self.method, self.low_priority


class InferenceThread:
    """Queue of images and the thread that computes them. `submit` may be called from any thread.

    A future that is cancelled before its turn is not computed.
    """

    def __init__(self, predictors: Sequence[Predictor], *, max_batch: int, threads: int, metrics: Metrics) -> None:
        self.warm: Future[None] = Future()  # done when every predictor has run once per batch size
        self.seconds_per_image = 0.0  # moving average
        self._predictors = predictors
        self._max_batch = max_batch
        self._threads = threads
        self._metrics = metrics
        self._waiting: deque[_Waiting] = deque()
        self._changed = Condition()
        self._stopping = False
        self._thread = Thread(target=self._run, name="labn-inference", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread, which warms up first."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread after its current batch and cancel what still waits."""
        with self._changed:
            self._stopping = True
            for waiting in self._waiting:
                waiting.future.cancel()
            self._waiting.clear()
            self._changed.notify()
        self._thread.join(STOP_S)

    def submit(
        self, predictor: Predictor, image: Tensor, *, method: str | None, low_priority: bool = False
    ) -> Future[Computed]:
        """Queue one image (1, C, H, W); the future may raise NonFiniteOutput.

        A low-priority image is computed alone, when nothing else waits, and is not counted in the metrics.
        """
        waiting = _Waiting(predictor=predictor, image=image, method=method, low_priority=low_priority)
        with self._changed:
            self._waiting.append(waiting)
            self._changed.notify()
        return waiting.future

    def _run(self) -> None:
        torch.set_num_threads(self._threads)
        try:
            self._warm_up()
        except Exception as error:  # readiness reports it: a service that cannot warm up cannot serve
            logger.exception("the warm-up failed")
            self.warm.set_exception(error)
            return
        self.warm.set_result(None)
        while batch := self._take():
            self._compute(batch)

    def _take(self) -> list[_Waiting]:
        """Wait for work. Return the oldest request with those that can share its pass, [] when stopping."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._waiting or self._stopping)
                if self._stopping:
                    return []
                live = [waiting for waiting in self._waiting if not waiting.future.cancelled()]
                live.sort(key=lambda waiting: waiting.low_priority)  # a stable sort: keeps the order otherwise
                size = 1 if live and live[0].low_priority else self._max_batch
                mates = [waiting for waiting in live if waiting.key == live[0].key][:size]
                self._waiting = deque(waiting for waiting in live if waiting not in mates)
                if batch := [mate for mate in mates if mate.future.set_running_or_notify_cancel()]:
                    return batch

    def _compute(self, batch: list[_Waiting]) -> None:
        started = perf_counter()
        try:
            images = torch.cat([waiting.image for waiting in batch])  # (N, C, H, W)
            outcomes = batch[0].predictor.predict_batch(images, explanation=batch[0].method)
        except Exception as error:  # each request gets the error; the thread continues
            for waiting in batch:
                waiting.future.set_exception(error)
            return
        infer_s = perf_counter() - started
        if not batch[0].low_priority:
            self._measure(len(batch), infer_s)
        for waiting, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, NonFiniteOutput):
                waiting.future.set_exception(outcome)
            else:
                queue_s = started - waiting.since
                waiting.future.set_result(Computed(prediction=outcome, queue_s=queue_s, infer_s=infer_s))

    def _measure(self, images: int, seconds: float) -> None:
        self._metrics.batch_size.observe(images)
        newest = seconds / images
        self.seconds_per_image += (SMOOTHING if self.seconds_per_image else 1.0) * (newest - self.seconds_per_image)

    def _warm_up(self) -> None:
        for predictor in self._predictors:
            preprocessing = predictor.loaded.preprocessing
            shape = (preprocessing.channels, preprocessing.height, preprocessing.width)
            for images in {1, self._max_batch}:
                started = perf_counter()
                predictor.predict_batch(torch.zeros(images, *shape))
                self.seconds_per_image = (perf_counter() - started) / images

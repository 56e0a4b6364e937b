"""Stages of a prediction: decode, infer, render."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter

import torch

from service.metrics.collectors import Metrics
from service.predictions.batching import InferenceThread
from service.predictions.request import PredictionRequest, prepare
from service.predictions.response import Answer, build_answer
from telemetry.correlation import CURRENT
from telemetry.spans import Tracing


class Pipeline:
    """Answers prediction requests. Cancelling `answer` removes its image from the queue."""

    def __init__(self, *, inference: InferenceThread, workers: int, metrics: Metrics, tracing: Tracing) -> None:
        self.inference = inference
        self._metrics = metrics
        self._tracing = tracing
        self._pool = ThreadPoolExecutor(
            workers,
            thread_name_prefix="labn-pictures",
            initializer=torch.set_num_threads,  # torch's threads belong to the inference thread
            initargs=(1,),
        )

    def start(self) -> None:
        """Start the inference thread, which warms up first."""
        self.inference.start()

    def stop(self) -> None:
        """Stop the threads and cancel what has not been computed."""
        self.inference.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def answer(self, request: PredictionRequest) -> Answer:
        """Predict and explain one upload.

        Raises:
            ImageError: the upload is not a usable image.
            NonFiniteOutput: the network's outputs overflowed.
        """
        loop = asyncio.get_running_loop()
        started = perf_counter()
        parent = CURRENT.get().traceparent
        with self._tracing.span("decode", parent=parent):
            prepared = await loop.run_in_executor(self._pool, prepare, request)
        with self._tracing.span("infer", parent=parent) as span:
            future = self.inference.submit(request.model.predictor, prepared.image, method=request.method)
            computed = await asyncio.wrap_future(future)
            span.set_attributes({"labn.model": request.model.reference, "labn.queue_s": computed.queue_s})
        finish = partial(build_answer, request, prepared, computed, started=started)
        with self._tracing.span("render", parent=parent):
            answer = await loop.run_in_executor(self._pool, finish)
        self._record(request, answer)
        return answer

    def _record(self, request: PredictionRequest, answer: Answer) -> None:
        for stage, seconds in answer.stages_s.items():
            self._metrics.stage_seconds.labels(stage).observe(seconds)
        self._metrics.predictions.labels(request.model.name, answer.prediction.label).inc()
        self._metrics.confidence.observe(answer.prediction.probability)
        if answer.gated_coverage is not None:
            self._metrics.coverage.observe(answer.gated_coverage)

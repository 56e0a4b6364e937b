"""upload -> decode -> network -> render -> answer, with a place in the queue held throughout."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter

from service.admission import Admission
from service.answers import Answer, Question, compose, prepare
from service.batching import InferenceThread
from service.metrics import Metrics


class Pipeline:
    """Answers questions. Cancelling `answer` frees its place at once and takes its image out of the queue."""

    def __init__(
        self, *, admission: Admission, inference: InferenceThread, pool: ThreadPoolExecutor, metrics: Metrics
    ) -> None:
        self.admission = admission
        self.inference = inference
        self._pool = pool
        self._metrics = metrics

    async def answer(self, question: Question) -> Answer:
        """Predict and explain one upload.

        Raises:
            QueueFull: no place is free.
            ImageError: the upload cannot be used.
            UnknownMethod: this network has no such explanation.
            NonFiniteOutput: the network's outputs overflowed.
        """
        loop = asyncio.get_running_loop()
        with self.admission.place():
            started = perf_counter()
            prepared = await loop.run_in_executor(self._pool, prepare, question)
            future = self.inference.submit(question.model.predictor, prepared.image, method=question.method)
            computed = await asyncio.wrap_future(future)
            finish = partial(compose, question, prepared, computed, started=started)
            answer = await loop.run_in_executor(self._pool, finish)
        self._record(question, answer)
        return answer

    def _record(self, question: Question, answer: Answer) -> None:
        for stage, seconds in answer.stages_s.items():
            self._metrics.stage_seconds.labels(stage).observe(seconds)
        self._metrics.predictions.labels(question.model.name, answer.prediction.label).inc()
        self._metrics.confidence.observe(answer.prediction.probability)
        if answer.coverage is not None:
            self._metrics.coverage.observe(answer.coverage)

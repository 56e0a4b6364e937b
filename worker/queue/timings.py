"""How long jobs and forwards took here lately, for whoever must say how long to wait: moving means in Redis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from redis import Redis
from rq.utils import as_text

from worker.queue import names
from worker.queue.contracts.evaluation import EvaluationPayload

RENEWED_SHARE = 0.1  # of a new time in the mean
TYPICAL_RUN_S = 10.0  # before any job has been timed


@dataclass(frozen=True)
class Timings:
    """The means of all workers."""

    redis: Redis

    def observe(self, version: str, run_s: float, forwards: int) -> None:
        """Remember an evaluation with a version of a model."""
        with self.redis.pipeline() as pipe:
            pipe.get(names.MEAN_RUN_S)
            pipe.hget(names.FORWARD_S, version)
            mean_run, mean_forward = pipe.execute()
            pipe.set(names.MEAN_RUN_S, _moved(mean_run, run_s))
            pipe.hset(names.FORWARD_S, version, _moved(mean_forward, run_s / max(1, forwards)))
            pipe.execute()

    def run_s(self, job_id: str | None = None) -> float:
        """Return about how long a job runs, by its size where that is known; without one, an evaluation."""
        payload, forwards = self.redis.hmget(names.job(job_id), "payload", "forwards") if job_id else (None, None)
        if payload and forwards:
            version = EvaluationPayload.model_validate_json(payload).model.version
            if a_forward := self.forward_s().get(version):
                return int(forwards) * a_forward
        mean: Any = self.redis.get(names.MEAN_RUN_S)
        return float(mean) if mean else TYPICAL_RUN_S

    def forward_s(self) -> dict[str, float]:
        """Return how long a forward of one image took, in s, by the model's version."""
        means: Any = self.redis.hgetall(names.FORWARD_S)
        return {as_text(version): float(mean) for version, mean in means.items()}


def _moved(mean: bytes | None, seen: float) -> float:
    """Return a moving mean with a new value in it."""
    return seen if mean is None else float(mean) + RENEWED_SHARE * (seen - float(mean))

"""Moving means of job and forward times in Redis, from which waiting times are estimated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from redis import Redis
from rq.utils import as_text

from worker.queue.contracts.evaluation import EvaluationPayload
from worker.queue.store import names

NEW_SHARE = 0.1  # weight of a new time in the moving mean
TYPICAL_RUN_S = 10.0  # before any job has been timed


@dataclass(frozen=True)
class Timings:
    """Means over all workers."""

    redis: Redis

    def observe(self, version: str, run_s: float, forwards: int) -> None:
        """Add the run time of an evaluation with a model version."""
        with self.redis.pipeline() as pipe:
            pipe.get(names.MEAN_RUN_S)
            pipe.hget(names.FORWARD_S, version)
            mean_run, mean_forward = pipe.execute()
            pipe.set(names.MEAN_RUN_S, _moved(mean_run, run_s))
            pipe.hset(names.FORWARD_S, version, _moved(mean_forward, run_s / max(1, forwards)))
            pipe.execute()

    def run_s(self, job_id: str | None = None) -> float:
        """Estimate the run time (s) of a job from its size if known, else as the mean of recent evaluations."""
        payload, forwards = self.redis.hmget(names.job(job_id), "payload", "forwards") if job_id else (None, None)
        if payload and forwards:
            version = EvaluationPayload.model_validate_json(payload).model.version
            if per_forward := self.forward_s().get(version):
                return int(forwards) * per_forward
        mean: Any = self.redis.get(names.MEAN_RUN_S)
        return float(mean) if mean else TYPICAL_RUN_S

    def forward_s(self) -> dict[str, float]:
        """Return the mean time (s) of a forward of one image by model version."""
        means: Any = self.redis.hgetall(names.FORWARD_S)
        return {as_text(version): float(mean) for version, mean in means.items()}


def _moved(mean: bytes | None, value: float) -> float:
    """Return the moving mean after a new value."""
    return value if mean is None else float(mean) + NEW_SHARE * (value - float(mean))

"""Depth and age of the lanes, live workers, and expected waiting times."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from rq.job import Job
from rq.utils import as_text, utcparse
from rq.worker_registration import REDIS_WORKER_KEYS

from worker.queue.contracts.state import WorkerState
from worker.queue.store import names
from worker.queue.store.store import Lane, Store

STATES: dict[str, Literal["idle", "busy", "starting"]] = {"idle": "idle", "busy": "busy", "started": "starting"}


@dataclass(frozen=True)
class QueueMonitor:
    """Read-only figures of the queue."""

    store: Store

    def depths(self) -> dict[Lane, int]:
        """Return the number of waiting jobs by lane."""
        return {lane: int(self.store.redis.llen(queue.key)) for lane, queue in self.store.lanes.items()}

    def oldest_age_s(self) -> float:
        """Return how long the next job of the slowest lane has waited; 0 if no job waits."""
        ages = [0.0]
        for queue in self.store.lanes.values():
            if first := self.store.redis.lindex(queue.key, 0):
                since = self.store.redis.hget(Job.key_for(as_text(first)), "enqueued_at")
                ages.append(time.time() - utcparse(as_text(since)).timestamp() if since else 0.0)
        return max(ages)

    def abandoned(self) -> int:
        """Return how many jobs have failed because their workers vanished; no worker can count those."""
        return int(as_text(self.store.redis.get(names.ABANDONED) or b"0"))

    def workers(self) -> list[WorkerState]:
        """Return the workers of this queue that sent a heartbeat within the last lease."""
        found_names = sorted(map(as_text, self.store.redis.smembers(REDIS_WORKER_KEYS)))
        with self.store.redis.pipeline() as pipe:
            for name in found_names:
                pipe.hmget(name, "state", "last_heartbeat", "device", "hostname", "queues")
            found = pipe.execute()
        queues_here = ",".join(queue.name for queue in self.store.lanes.values()).encode()
        return [
            WorkerState(
                name=name.rpartition(":")[2],
                state=STATES.get(state.decode() if state else "", "starting"),
                device=device.decode() if device else "cpu",
                host=host.decode() if host else "",
                last_seen_at=seen.decode(),
            )
            for name, (state, seen, device, host, queues) in zip(found_names, found, strict=True)
            if seen and queues == queues_here and self._is_recent(seen.decode())
        ]

    def expected_wait_s(self, job_id: str | None = None) -> float:
        """Estimate queueing and run time (s) of a job from recent jobs and its size."""
        return self.store.timings.run_s(job_id) + self.expected_s(self.depths()["evaluations"])

    def expected_s(self, jobs: int) -> float:
        """Estimate how long (s) all workers together take for a number of jobs, from recent jobs."""
        return self.store.timings.run_s() * jobs / max(1, len(self.workers()))

    def _is_recent(self, seen: str) -> bool:
        return time.time() - utcparse(seen).timestamp() < self.store.settings.lease_s

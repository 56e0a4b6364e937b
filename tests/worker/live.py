"""Worker processes, which share only Redis with the test."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.service.live import clean_environment
from worker.queue.contracts.evaluation import EvaluationState
from worker.queue.job_queue import JobQueue
from worker.queue.settings import QueueSettings
from worker.queue.store.connection import connect

ROOT = Path(__file__).parents[2]
LEASE_S = 5
HANG_S = 240.0  # after which a test takes a process or a job for hung, on the slowest machine too


def queue_at(url: str, **settings: Any) -> JobQueue:
    """Return a queue with short leases; the caller closes its connection."""
    own = QueueSettings.model_validate({"redis_url": url, "lease_s": LEASE_S, **settings})
    return JobQueue.on(connect(own, patient=True), own)


def wait_for(condition: Callable[[], Any], *, within_s: float = HANG_S) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def wait_until_ended(queue: JobQueue, job_id: str, *, maintained: bool = False) -> EvaluationState:
    """Wait for the end of a job; `maintained` runs maintenance as the service's background thread does."""

    def is_ended() -> bool:
        if maintained:
            queue.maintenance.run_if_due()
        return queue.evaluations.state(job_id, with_result=False).is_ended

    wait_for(is_ended)
    return queue.evaluations.state(job_id)


class LiveWorker:
    """`python -m worker`."""

    def __init__(self, redis_url: str, *arguments: str, prefix: tuple[str, ...] = (), **settings: object) -> None:
        own = {"redis_url": redis_url, "lease_s": LEASE_S, "threads": 1, "worker_port": 0, **settings}
        environment = clean_environment() | {f"LABN_{key.upper()}": str(value) for key, value in own.items()}
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "worker", *arguments],
            cwd=ROOT,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )

    def address(self) -> str:
        """Wait until the worker has started; return the URL of its health server."""
        assert self.process.stderr
        for line in self.process.stderr:
            if "/healthz" in line:
                return line.split()[-1].removesuffix("/healthz")
        raise AssertionError("the worker did not start")

    def kill(self) -> None:
        """Kill the process without a signal handler."""
        self.process.kill()
        self.process.wait()
        if self.process.stderr:
            self.process.stderr.close()

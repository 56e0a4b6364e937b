"""The service as users run it: a process that is asked over the network."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
WAIT_S = 600.0  # for events of seconds, on a machine that may be ten times slower


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def clean_environment() -> dict[str, str]:
    """The environment without settings of ours."""
    return {key: value for key, value in os.environ.items() if not key.startswith("LABN_")}


class LiveService:
    """`python -m service` in a process of its own, on a free port."""

    def __init__(self, checkpoints: Path, **settings: object) -> None:
        own = {"port": 0, "checkpoints": checkpoints, "threads": 1, **settings}
        environment = clean_environment() | {f"LABN_{key.upper()}": str(value) for key, value in own.items()}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "service"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.url = self.process.stdout.readline().split()[0]
        self.curl = self.process.stdout.readline()
        self.port = int(self.url.rpartition(":")[2])
        wait_until(self.ready)

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def slots_taken(self) -> int:
        queue: str = httpx.get(f"{self.url}/readyz").json()["checks"]["queue"]
        return int(queue.split()[0])

    def metric(self, line_start: str) -> float:
        lines = httpx.get(f"{self.url}/metrics").text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(line_start))

    def stop(self) -> int:
        self.process.terminate()
        assert self.process.stdout
        self.process.stdout.close()
        return self.process.wait(WAIT_S)

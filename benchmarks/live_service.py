"""The service as users run it: `python -m service`, a process on a free port with one model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Timer
from time import perf_counter, sleep
from typing import IO, Self
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).parents[1]
START_S = 300.0  # a niced worker is slow to start beside other work
STOP_S = 30.0
POLL_S = 0.02
MAX_LOG_BYTES = 1 << 20
RSS_METRIC = "process_resident_memory_bytes"


class LiveService:
    """Entering the context waits until it is ready, leaving it stops it. Its log goes to a file that is deleted."""

    def __init__(self, *checkpoints: Path, module: str = "service", **settings: object) -> None:
        self.url = ""  # known once it listens
        self.start_s = 0.0  # from the process's start to ready
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (closed by _stop)
        self._started = perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=_environment(checkpoints, settings),
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def __enter__(self) -> Self:
        """Wait until it is ready.

        Raises:
            RuntimeError: it ended or was not ready in time; with the end of its log.
        """
        try:
            self._wait()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End it as a supervisor would."""
        self._stop()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.url.rpartition(":")[2])

    def resident_bytes(self) -> float | None:
        """The resident set size as its own metrics give it; None where the system does not tell (not Linux)."""
        return resident_bytes(self.url)

    def log(self) -> str:
        """Return what it has logged so far."""
        return os.pread(self._log.fileno(), MAX_LOG_BYTES, 0).decode(errors="replace")

    def _wait(self) -> None:
        assert self._process.stdout
        deadline = Timer(START_S, self._process.kill)  # reading its answers has no other end
        deadline.start()
        try:
            self.url = (self._process.stdout.readline().split() or [""])[0]
            while not self._is_ready():
                if self._process.poll() is not None:
                    raise RuntimeError(f"the service did not start:\n{self.log()[-2000:]}")
                sleep(POLL_S)
        finally:
            deadline.cancel()
        self.start_s = perf_counter() - self._started

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.communicate(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        self._log.close()

    def _is_ready(self) -> bool:
        if not self.url:
            return False
        try:
            with urlopen(f"{self.url}/readyz") as answer:
                return bool(json.load(answer)["status"] == "ready")  # `degraded`: a queue without a worker
        except (URLError, ConnectionError):  # 503 while it warms up is an URLError as well
            return False


def resident_bytes(url: str) -> float | None:
    """Return the resident set size of the process at that address as its metrics give it; None: they do not."""
    with urlopen(f"{url}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    values = [float(line.split()[1]) for line in lines if line.startswith(RSS_METRIC)]
    return values[0] if values else None


def _environment(checkpoints: Sequence[Path], settings: Mapping[str, object]) -> dict[str, str]:
    """Return this process's environment without settings of the service but these; the first model is default."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("LABN_")}
    paths = os.pathsep.join(map(str, checkpoints))
    own = {"PORT": 0, "CHECKPOINTS": paths, "DEFAULT_MODEL": checkpoints[0].stem, **settings}
    return inherited | {f"LABN_{key}": str(value) for key, value in own.items()}

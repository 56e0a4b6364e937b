"""All of it together: what `make serve` starts, and what watches it."""

from __future__ import annotations

import re
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.observability.monitoring import Monitoring
from tests.service.launcher import Launcher

WORKER = re.compile(r"(http://127\.0\.0\.1:\d+)/healthz")


class Stack:
    """Redis, a worker, the service, Prometheus and Alertmanager, from `with` to its end."""

    def __init__(self, folder: Path, checkpoint: Path, **watched: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._launcher = Launcher(folder / "data", checkpoint)
        self.url = self._launcher.url
        try:
            self._launcher.wait_until_whole()
            (self.worker_url,) = WORKER.findall(self._launcher.log())
            targets = {"labn-service": self.url, "labn-worker": self.worker_url}
            self.monitoring = Monitoring(folder, targets, **watched)
        except BaseException:
            self._launcher.end()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.monitoring.stop()
        self._launcher.end()

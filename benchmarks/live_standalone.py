"""All that `make serve` starts, as users run it: Redis, one niced worker, the service."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.live_service import LiveService, resident_bytes

WORKER_ADDRESS = re.compile(r"(http://\S+)/healthz")  # as its log tells it


class LiveStandalone(LiveService):
    """The launcher on a data folder of its own; ready once evaluations can be had too."""

    def __init__(self, folder: Path, *checkpoints: Path) -> None:
        super().__init__(*checkpoints, module="service.standalone", DATA_DIR=folder, WORKER_PORT=0)

    def worker_resident_bytes(self) -> float | None:
        """Return the worker's resident set size as its own metrics give it; None where the system does not tell.

        Raises:
            RuntimeError: it never came up.
        """
        if not (found := WORKER_ADDRESS.search(self.log())):
            raise RuntimeError(f"no worker:\n{self.log()}")
        return resident_bytes(found[1])

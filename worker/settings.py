"""Settings of a worker process."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from worker.queue.settings import ProcessSettings


class WorkerSettings(ProcessSettings):
    """Those of any process with networks, and the worker's own."""

    worker_port: Annotated[int, Field(ge=0, le=65535)] | None = None  # 0: any free port; None: 8001, or a free one
    threads: Annotated[int, Field(ge=1)] | None = None  # of one forward pass; None: torch's default

"""Collaborators of a job and its type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from model.runtime.stages import StageProgress
from worker.queue.sets.tables import SetTables
from worker.queue.store.blobs import Blobs
from worker.queue.store.results import Results
from worker.work.networks import ResidentNetworks

Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class JobContext:
    """What jobs read from and write to."""

    networks: ResidentNetworks
    blobs: Blobs
    results: Results
    tables: SetTables
    max_pixels: int  # largest upload, height x width


Job = Callable[[object, JobContext, StageProgress], Document | None]  # called with (payload, context, report)

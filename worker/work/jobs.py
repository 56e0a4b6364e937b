"""Job functions by the names that stored jobs carry."""

from __future__ import annotations

from collections.abc import Mapping

from worker.queue.scheduling import FUNCTIONS
from worker.work.aggregate import aggregate
from worker.work.context import Job
from worker.work.evaluate import evaluate

JOBS: Mapping[str, Job] = {FUNCTIONS["evaluation"]: evaluate, FUNCTIONS["aggregate"]: aggregate}

"""How many images of a set stand where, and about how long the rest will take."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime

from worker.queue.contracts.state import ENDED, Progress, Status

Counts = Mapping[Status, int]
COUNTED: tuple[Status, ...] = ("queued", "running", "succeeded", "failed", "cancelled")


def final_fields(counts: Counts) -> dict[str, str]:
    """Return the fields of a record that hold the counts of a set that has ended."""
    return {f"final_{status}": str(counts.get(status, 0)) for status in COUNTED}


def final_counts(record: Mapping[str, str]) -> Counts:
    """Undo `final_fields`."""
    return {status: int(record[f"final_{status}"]) for status in COUNTED}


def is_final(record: Mapping[str, str]) -> bool:
    """Tell whether the counts of a set are written down, since it has ended."""
    return "final_succeeded" in record


def has_open(counts: Counts) -> bool:
    """Tell whether an image waits or runs."""
    return bool(counts["queued"] or counts["running"])


def progress_of(counts: Counts, status: Status, started_at: str | None) -> Progress:
    """Return how many images have ended; what was cancelled took no time and says nothing of the rest's."""
    total, done = sum(counts.values()), sum(counts[status] for status in ENDED)
    if status == "succeeded":
        return Progress(stage="done", done=total, total=total, eta_s=0.0)
    eta_s, evaluated = None, counts["succeeded"] + counts["failed"]
    if started_at and evaluated and has_open(counts) and status not in ENDED:
        elapsed_s = time.time() - datetime.fromisoformat(started_at).timestamp()
        eta_s = round(elapsed_s / evaluated * (total - done), 1)
    return Progress(stage="images", done=done, total=total, eta_s=eta_s)

"""Counts of a set's images by status, and the progress that follows from them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime

from worker.queue.contracts.state import ENDED, Progress, Status

Counts = Mapping[Status, int]
COUNTED: tuple[Status, ...] = ("queued", "running", "succeeded", "failed", "cancelled")


def final_fields(counts: Counts) -> dict[str, str]:
    """Return the counts of an ended set as fields of its record."""
    return {f"final_{status}": str(counts.get(status, 0)) for status in COUNTED}


def final_counts(record: Mapping[str, str]) -> Counts:
    """Return the counts from the fields of a record; the inverse of `final_fields`."""
    return {status: int(record[f"final_{status}"]) for status in COUNTED}


def is_final(record: Mapping[str, str]) -> bool:
    """Return whether a record holds final counts, which means that the set has ended."""
    return "final_succeeded" in record


def has_open(counts: Counts) -> bool:
    """Return whether an image waits or runs."""
    return bool(counts["queued"] or counts["running"])


def progress_of(counts: Counts, status: Status, started_at: str | None) -> Progress:
    """Return the progress in images; the ETA is based on evaluated images, not on cancelled ones."""
    total, done = sum(counts.values()), sum(counts[status] for status in ENDED)
    if status == "succeeded":
        return Progress(stage="done", done=total, total=total, eta_s=0.0)
    eta_s, evaluated = None, counts["succeeded"] + counts["failed"]
    if started_at and evaluated and has_open(counts) and status not in ENDED:
        elapsed_s = time.time() - datetime.fromisoformat(started_at).timestamp()
        eta_s = round(elapsed_s / evaluated * (total - done), 1)
    return Progress(stage="images", done=done, total=total, eta_s=eta_s)

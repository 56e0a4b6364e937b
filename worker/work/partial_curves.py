"""Partial insertion and deletion curves, published while PID runs."""

from __future__ import annotations

import time

from model.metrics.partial_curves import Known
from worker.queue.store.results import Results

PUBLISH_S = 1.0  # shortest interval between two updates
MAX_POINTS = 400  # per published curve


class PartialCurves:
    """Publishes one job's curves; called as (method, patch size, number of patches, known points)."""

    def __init__(self, results: Results, job_id: str) -> None:
        self._results, self._job_id = results, job_id
        self._published = float("-inf")

    def __call__(self, method: str, patch_size: int, patches: int, known: Known) -> None:
        """Store at most about MAX_POINTS points, unless the last update is recent."""
        now = time.monotonic()
        if now - self._published < PUBLISH_S:
            return
        self._published = now
        counts = sorted(known)
        counts = sorted({*counts[:: -(-len(counts) // MAX_POINTS)], counts[-1]})
        insertion, deletion = zip(*(known[n] for n in counts), strict=True)
        self._results.put_partial_curves(
            self._job_id,
            {
                "method": method,
                "patch_size": patch_size,
                "patches": patches,
                "n": counts,
                "insertion_curve": insertion,
                "deletion_curve": deletion,
            },
        )

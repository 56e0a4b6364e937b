"""The curves of a score that is being measured, kept where clients can see them grow."""

from __future__ import annotations

import time

from model.metrics.partial_curves import Known
from worker.queue.results import Results

TELL_S = 1.0  # between two looks
MOST_POINTS = 400  # of a curve to look at


class GrowingCurves:
    """What is told of one job's curves; called as (method, patch size, what is known of them)."""

    def __init__(self, results: Results, job_id: str) -> None:
        self._results, self._job_id = results, job_id
        self._told = float("-inf")

    def __call__(self, method: str, patch_size: int, patches: int, known: Known) -> None:
        """Keep some points of them, unless that was done just now."""
        now = time.monotonic()
        if now - self._told < TELL_S:
            return
        self._told = now
        counts = sorted(known)
        counts = sorted({*counts[:: -(-len(counts) // MOST_POINTS)], counts[-1]})
        insertion, deletion = zip(*(known[n] for n in counts), strict=True)
        self._results.put_growing(
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

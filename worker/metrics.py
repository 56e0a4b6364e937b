"""What a worker counts, in a registry of its own; labels come from closed sets only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
SCORES = tuple(round(-1 + step / 10, 1) for step in range(21))
PATCH_SIZES = frozenset({1, 2, 4, 8, 16, 32, 64, 128})  # the papers'; others are counted as one
OTHER = "other"


class WorkerMetrics:
    """The collectors of one worker, by name."""

    def __init__(self, *, device: str) -> None:
        self.registry = CollectorRegistry()
        self._device = device
        ProcessCollector(registry=self.registry)
        self.jobs = Counter(
            "labn_jobs",
            "Jobs that left this worker: succeeded, failed, cancelled, retried, handed_back, lost.",
            ("kind", "outcome"),
            registry=self.registry,
        )
        self.wait_seconds = Histogram(
            "labn_job_wait_seconds", "In the queue.", buckets=SECONDS, registry=self.registry
        )
        self.run_seconds = Histogram(
            "labn_job_run_seconds",
            "From its beginning in this worker to its end.",
            ("kind", "device"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.scores = Histogram(
            "labn_pid_score",
            "Patch insertion-deletion of the evaluated images, protocol paper.",
            ("explainer", "patch_size"),
            buckets=SCORES,
            registry=self.registry,
        )
        self.memory = Gauge(
            "labn_device_memory_bytes", "Of the device, as torch uses it.", ("kind",), registry=self.registry
        )

    def ended(self, kind: str, outcome: str, run_s: float) -> None:
        """Count a job that this worker has no more to do with."""
        self.jobs.labels(kind, outcome).inc()
        self.run_seconds.labels(kind, self._device).observe(run_s)
        if self._device == "cuda":
            self.memory.labels("allocated").set(torch.cuda.memory_allocated())
            self.memory.labels("reserved").set(torch.cuda.memory_reserved())

    def evaluated(self, result: Mapping[str, Any]) -> None:
        """Count the scores of an image."""
        for name, method in result["methods"].items():
            for score in method["scores"]:
                if score["protocol"] == "paper":  # scores of different protocols do not compare
                    size = score["patch_size"]
                    label = str(size) if size in PATCH_SIZES else OTHER
                    self.scores.labels(name, label).observe(score["pid"])

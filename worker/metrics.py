"""Prometheus metrics of a worker, in a registry of its own. Labels come from closed sets only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from model.runtime.device_memory import device_memory

SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
SCORES = tuple(round(-1 + step / 10, 1) for step in range(21))
PATCH_SIZES = frozenset({1, 2, 4, 8, 16, 32, 64, 128})  # the papers'; others share one label
OTHER = "other"
UNKNOWN = "unknown"  # kind of a job with an unknown function
KINDS = ("evaluation", "aggregate", UNKNOWN)
OUTCOMES = ("succeeded", "failed", "cancelled", "retried", "handed_back", "lost")


class MemoryCollector(Collector):
    """Memory of the device, read at each scrape."""

    def __init__(self, device: str) -> None:
        self._device = device

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield bytes by kind."""
        family = GaugeMetricFamily(
            "labn_device_memory_bytes",
            "Memory of the worker's device: allocated and reserved by this process, free, and total.",
            labels=["kind"],
        )
        for kind, size in device_memory(self._device).items():
            family.add_metric([kind], size)
        yield family


class WorkerMetrics:
    """Collectors of one worker."""

    def __init__(self, *, device: str) -> None:
        self.registry = CollectorRegistry()
        self._device = device
        ProcessCollector(registry=self.registry)
        self.jobs = Counter(
            "labn_jobs",
            f"Jobs by outcome at this worker: {', '.join(OUTCOMES)}.",
            ("kind", "outcome"),
            registry=self.registry,
        )
        for labels in product(KINDS, OUTCOMES):  # exported from zero, so that the first failure is an increase
            self.jobs.labels(*labels)
        self.wait_seconds = Histogram(
            "labn_job_wait_seconds", "Time of a job in the queue.", buckets=SECONDS, registry=self.registry
        )
        self.run_seconds = Histogram(
            "labn_job_run_seconds",
            "Time of a job from its start at this worker to its outcome.",
            ("kind", "device"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.scores = Histogram(
            "labn_pid_score",
            "Patch insertion-deletion scores of evaluated images, protocol paper.",
            ("explainer", "patch_size"),
            buckets=SCORES,
            registry=self.registry,
        )
        self.registry.register(MemoryCollector(device))

    def ended(self, kind: str, outcome: str, run_s: float) -> None:
        """Count a job by its outcome at this worker."""
        self.jobs.labels(kind, outcome).inc()
        self.run_seconds.labels(kind, self._device).observe(run_s)

    def evaluated(self, result: Mapping[str, Any]) -> None:
        """Observe the scores of an evaluated image."""
        for name, method in result["methods"].items():
            for score in method["scores"]:
                if score["protocol"] == "paper":  # scores of different protocols are not comparable
                    size = score["patch_size"]
                    label = str(size) if size in PATCH_SIZES else OTHER
                    self.scores.labels(name, label).observe(score["pid"])

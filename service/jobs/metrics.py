"""Metrics of the queue, from its last snapshot: a scrape never waits for Redis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service.jobs.watch import QueueWatch
from worker.queue.contracts.state import WorkerState

STATES = get_args(WorkerState.model_fields["state"].annotation)


class QueueCollector(Collector):
    """Collector of queue metrics. They are absent while Redis is away, since stale values would look fresh."""

    def __init__(self, watch: QueueWatch) -> None:
        self._watch = watch

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of the last snapshot."""
        view = self._watch.view
        depth = GaugeMetricFamily("labn_queue_depth", "Jobs that wait.", labels=["queue"])
        age = GaugeMetricFamily("labn_queue_oldest_age_seconds", "For how long the next job has waited.")
        workers = GaugeMetricFamily("labn_workers", "Workers that were heard of lately.", labels=["state"])
        abandoned = CounterMetricFamily("labn_jobs_abandoned", "Jobs that failed because their workers vanished.")
        if view:
            for lane, waiting in view.depths.items():
                depth.add_metric([lane], waiting)
            age.add_metric([], view.oldest_age_s)
            abandoned.add_metric([], view.abandoned)
            for state in STATES:
                workers.add_metric([state], sum(worker.state == state for worker in view.workers))
        yield from (depth, age, workers, abandoned)

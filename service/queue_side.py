"""Everything of an application that needs the queue; an application started without a Redis has none of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch

from service.http.admission import Admission
from service.http.events import EventStreams
from service.lifecycle import Lifecycle
from service.monitoring.metrics import Metrics
from service.monitoring.queue_metrics import QueueCollector
from service.monitoring.queue_watch import QueueWatch
from service.redis_access import open_queue
from service.settings import Settings
from worker.queue.job_queue import JobQueue

SUBMISSIONS = 32  # under way, uploads included; each may hold LABN_MAX_BODY_BYTES
SETS = 2  # under way; each may hold LABN_MAX_SET_BYTES on the disk
DECODERS = 2  # threads that try images, beside those of predictions
TRY_S = 0.2  # about what it takes to try an image


@dataclass(frozen=True, kw_only=True)
class QueueSide:
    """The queue, what watches it, and the places of those who ask."""

    jobs: JobQueue
    watch: QueueWatch
    streams: EventStreams
    submissions: Admission
    sets: Admission
    decoders: ThreadPoolExecutor

    def start(self) -> None:
        """Begin to watch."""
        self.watch.start()

    def stop(self) -> None:
        """End the threads and the connections."""
        self.watch.stop()
        self.streams.stop()
        self.decoders.shutdown(wait=False, cancel_futures=True)
        self.jobs.store.redis.close()


def make_queue_side(settings: Settings, lifecycle: Lifecycle, metrics: Metrics) -> QueueSide | None:
    """Return the queue's side of an application; None where no Redis was named. Nothing is connected yet.

    Raises:
        SettingsError: LABN_REDIS_URL is no address.
    """
    if not settings.has_queue:
        return None
    jobs = open_queue(settings)
    watch = QueueWatch(jobs)
    metrics.exposed.register(QueueCollector(watch))
    return QueueSide(
        jobs=jobs,
        watch=watch,
        streams=EventStreams(lifecycle),
        submissions=Admission(places=SUBMISSIONS, seconds_per_image=lambda: TRY_S),
        sets=Admission(places=SETS, seconds_per_image=lambda: settings.upload_s),
        decoders=ThreadPoolExecutor(
            DECODERS, thread_name_prefix="labn-decoders", initializer=torch.set_num_threads, initargs=(1,)
        ),
    )

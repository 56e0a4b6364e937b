"""The queue's data in Redis: one connection, its settings and the collections kept there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self, get_args

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from worker.queue.settings import QueueSettings
from worker.queue.store.blobs import Blobs
from worker.queue.store.records import Records
from worker.queue.store.results import Results
from worker.queue.store.timings import Timings

Lane = Literal["evaluations", "sets"]  # workers empty the first before they look into the second
LANES: tuple[Lane, ...] = get_args(Lane)


@dataclass(frozen=True, kw_only=True)
class Store:
    """Passive access to the queue's data; safe to share between threads."""

    redis: Redis
    settings: QueueSettings
    blobs: Blobs  # uploads
    results: Results  # results, scores and maps
    records: Records  # requests, progress and events
    timings: Timings  # mean run times
    lanes: dict[Lane, Queue]  # RQ's queues, in the order in which workers look into them

    @classmethod
    def on(cls, redis: Redis, settings: QueueSettings) -> Self:
        """Return the store on a Redis client."""
        return cls(
            redis=redis,
            settings=settings,
            blobs=Blobs(redis, settings.upload_ttl_s),
            results=Results(redis, settings.result_ttl_s),
            records=Records(redis, settings.result_ttl_s),
            timings=Timings(redis),
            lanes={
                lane: Queue(f"{settings.queue}-{lane}", connection=redis, serializer=JSONSerializer)
                for lane in LANES
            },
        )

"""The queue put together: everything that service and worker do with one Redis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from redis import Redis

from worker.queue.evaluations import Evaluations
from worker.queue.maintenance import Maintenance
from worker.queue.monitor import QueueMonitor
from worker.queue.retention import Retention
from worker.queue.sets.sets import Sets
from worker.queue.sets.tables import SetTables
from worker.queue.settings import QueueSettings
from worker.queue.store.connection import connect
from worker.queue.store.store import Store


@dataclass(frozen=True, kw_only=True)
class JobQueue:
    """Operations on one store; safe to share between threads."""

    store: Store
    evaluations: Evaluations
    sets: Sets
    tables: SetTables
    monitor: QueueMonitor
    maintenance: Maintenance

    @classmethod
    def at(cls, settings: QueueSettings) -> Self:
        """Return the queue at the Redis of the settings, for requests; connects with the first command.

        Raises:
            ValueError: the address is invalid; the message may contain the password.
        """
        return cls.on(connect(settings), settings)

    @classmethod
    def on(cls, redis: Redis, settings: QueueSettings) -> Self:
        """Return the queue on a Redis client."""
        store = Store.on(redis, settings)
        monitor, tables = QueueMonitor(store), SetTables(store)
        evaluations = Evaluations(store, monitor)
        return cls(
            store=store,
            evaluations=evaluations,
            sets=Sets(store, evaluations, tables, monitor),
            tables=tables,
            monitor=monitor,
            maintenance=Maintenance(store, tables, Retention(store)),
        )

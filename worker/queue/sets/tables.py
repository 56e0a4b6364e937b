"""Result tables of sets: when they are due, what they are made of, and where they are stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from redis.exceptions import WatchError
from rq.job import Job
from rq.utils import as_text

from worker.queue.contracts.sets import AggregatePayload
from worker.queue.scheduling import enqueue
from worker.queue.sets.counts import Counts, final_fields, has_open
from worker.queue.sets.record import SetRecord
from worker.queue.store import names
from worker.queue.store.records import now
from worker.queue.store.store import Store

TABLES_EVERY_S = 10  # partial tables, while a set runs


@dataclass(frozen=True)
class SetTables:
    """Follows the items of sets and has their tables made by aggregation jobs."""

    store: Store

    def item_began(self, job_id: str) -> None:
        """Record the start of the sets to which a job belongs."""
        for set_id in self._sets_of(job_id):
            self.store.redis.hsetnx(names.job(set_id), "started_at", now())

    def item_ended(self, job_id: str) -> None:
        """Announce a change to the sets to which a job belongs, and make their tables if due."""
        for set_id in self._sets_of(job_id):
            self.store.records.notify(self.store.redis, set_id)
            if self._may_be_due(set_id, job_id):
                self.settle(set_id)

    def settle(self, set_id: str) -> None:
        """Enqueue the aggregation of a set: when all items have ended, and at intervals before."""
        record = SetRecord.find(self.store, set_id)
        if record is None or not record.is_accepted or record.is_cancelled or record.is_final:
            return
        counts = record.counts(self.store)
        if has_open(counts):
            if not counts["succeeded"]:
                return
            if not self.store.redis.set(names.table_lock(set_id), "", nx=True, ex=TABLES_EVERY_S):
                return
        self._enqueue_aggregation(set_id)

    def counts(self, set_id: str) -> Counts:
        """Count the items of a set by status.

        Raises:
            UnknownJob: no set has that id.
        """
        return SetRecord.get(self.store, set_id).counts(self.store)

    def documents(self, set_id: str) -> Iterator[tuple[str | None, dict[str, Any]]]:
        """Yield label and result of each item that has succeeded.

        Raises:
            UnknownJob: no set has that id.
        """
        payload = SetRecord.get(self.store, set_id).payload
        for item in payload.items:
            if result := self.store.results.get(payload.evaluation(item).id):
                yield item.label, result

    def conclude(self, set_id: str, result: Mapping[str, Any], counts: Counts) -> None:
        """Store tables, and end the set if no item waits or runs."""
        self.store.results.put(set_id, result)
        with self.store.redis.pipeline() as pipe:
            if not has_open(counts):
                for name, value in {"ended_at": now(), **final_fields(counts)}.items():
                    pipe.hset(names.job(set_id), name, value)
                pipe.srem(names.SETS_UNFINISHED, set_id)
            self.store.records.notify(pipe, set_id)
            pipe.execute()

    def _may_be_due(self, set_id: str, job_id: str) -> bool:
        """Return whether tables may be due after an item's end, without counting all items each time."""
        has_ended = self.store.records.statuses([job_id])[0] not in ("queued", "running")
        with self.store.redis.pipeline() as pipe:
            if has_ended:
                pipe.srem(names.pending(set_id), job_id)
            pipe.scard(names.pending(set_id))
            pipe.exists(names.table_lock(set_id))
            left, are_recent = pipe.execute()[-2:]
        return not (left and are_recent)

    def _enqueue_aggregation(self, set_id: str) -> None:
        payload = AggregatePayload(set_id=set_id)
        with self.store.redis.pipeline() as pipe:
            while True:
                try:
                    pipe.watch(Job.key_for(payload.id))
                    if self.store.records.statuses([payload.id])[0] in ("queued", "running", "failed"):
                        return
                    pipe.multi()
                    enqueue(self.store, pipe, payload, "evaluations")
                    pipe.execute()
                except WatchError:  # another process did it
                    continue
                return

    def _sets_of(self, job_id: str) -> list[str]:
        owners = {as_text(owner) for owner in self.store.redis.smembers(names.owners(job_id))}
        return sorted(owners - {names.CLIENT})

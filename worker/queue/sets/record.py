"""Stored record of a set: its request, its items and the status that follows from them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from rq.utils import as_text

from worker.queue.contracts.sets import AggregatePayload, SetPayload
from worker.queue.contracts.state import ENDED, JobError, Status
from worker.queue.errors import UnknownJob
from worker.queue.sets.counts import COUNTED, Counts, final_counts, is_final
from worker.queue.store import names
from worker.queue.store.store import Store


@dataclass(frozen=True)
class SetRecord:
    """The fields of a set's hash, read at one moment."""

    id: str
    fields: Mapping[str, str]

    @classmethod
    def find(cls, store: Store, set_id: str) -> SetRecord | None:
        """Return the record of a set; None if there is none."""
        found = store.redis.hgetall(names.job(set_id))
        fields = {as_text(name): as_text(value) for name, value in found.items()}
        is_set = json.loads(fields.get("payload", "{}")).get("kind") == "set"
        return cls(set_id, fields) if is_set else None

    @classmethod
    def get(cls, store: Store, set_id: str) -> SetRecord:
        """Return the record of a set.

        Raises:
            UnknownJob: no set has that id.
        """
        record = cls.find(store, set_id)
        if record is None:
            raise UnknownJob(f"no set {set_id}")
        return record

    @property
    def payload(self) -> SetPayload:
        """The request."""
        return SetPayload.model_validate_json(self.fields["payload"])

    @property
    def is_accepted(self) -> bool:
        """Whether all items have been submitted."""
        return "accepted" in self.fields

    @property
    def is_cancelled(self) -> bool:
        """Whether the set was cancelled."""
        return "cancelled" in self.fields

    @property
    def is_final(self) -> bool:
        """Whether the set has ended and its counts are stored."""
        return is_final(self.fields)

    def counts(self, store: Store) -> Counts:
        """Count the items by status. An item whose job has expired counts as failed once the set is accepted."""
        if self.is_final:
            return final_counts(self.fields)
        expired: Status = "failed" if self.is_accepted else "queued"
        found = Counter(status or expired for status in store.records.statuses(item_ids(store, self.id)))
        return {status: found[status] for status in COUNTED}

    def status(self, store: Store, counts: Counts) -> tuple[Status, JobError | None]:
        """Return the status of the set, and the error if it failed."""
        if self.is_cancelled:
            return "cancelled", None
        aggregation = store.records.read(AggregatePayload(set_id=self.id).id)
        if aggregation.status == "failed":
            return "failed", aggregation.error
        if not self.is_final:
            return ("running" if counts["running"] or any(counts[status] for status in ENDED) else "queued"), None
        if unsuccessful := counts["failed"] + counts["cancelled"]:
            detail = f"{unsuccessful} of {sum(counts.values())} images were not evaluated; see the items"
            return "failed", JobError(type="items_failed", detail=detail)
        return "succeeded", None


def item_ids(store: Store, set_id: str) -> list[str]:
    """Return the ids of a set's evaluations, in the order of the set."""
    return [as_text(item_id) for item_id in store.redis.lrange(names.items(set_id), 0, -1)]


def is_present(store: Store, set_id: str) -> bool:
    """Return whether a set waits, runs or has succeeded with a result that is still stored."""
    record = SetRecord.find(store, set_id)
    if record is None or not record.is_accepted:
        return False
    status, _ = record.status(store, record.counts(store))
    return status in ("queued", "running") or (
        status == "succeeded" and bool(store.redis.exists(names.result(set_id)))
    )

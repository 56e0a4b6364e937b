"""Sets of images: a job an image, tables over those that have ended, and what is missing done again on request."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from redis.exceptions import WatchError
from rq.job import Job
from rq.utils import as_text

from worker.queue import names
from worker.queue.contracts.sets import AggregatePayload, SetItemState, SetPayload, SetRequest, SetState
from worker.queue.contracts.state import ENDED, Event, JobError, Status
from worker.queue.errors import UnknownJob
from worker.queue.records import LOST, now
from worker.queue.sets.counts import COUNTED, Counts, final_counts, final_fields, has_open, is_final, progress_of
from worker.queue.sets.submission import SetSubmission

if TYPE_CHECKING:
    from worker.queue.evaluations import JobQueue

TABLES_EVERY_S = 10  # while a set runs


@dataclass(frozen=True)
class Sets:
    """The sets at one Redis."""

    queue: JobQueue

    def submit(
        self, payload: SetPayload, uploads: Mapping[str, bytes], *, idempotency_key: str | None = None
    ) -> SetState:
        """Ask for the evaluation of a set; asked again, it does what has failed, was cancelled or is gone.

        Args:
            payload: the set.
            uploads: images and masks by sha256, each looked up once; a mapping may read them one by one.
            idempotency_key: of the client.

        Raises:
            SetTooLarge: more images than may ever wait.
            QueueFull: too many images wait at present.
            KeyReused: the key came with another request before.
            UploadMissing: an upload is neither given nor there.
        """
        return SetSubmission(self).submit(payload, uploads, idempotency_key)

    def state(self, set_id: str, *, with_result: bool = True) -> SetState:
        """Return where a set stands; its result is over the items that have ended so far.

        Raises:
            UnknownJob: there is none of that id.
        """
        record = self._record(set_id)
        payload = SetPayload.model_validate_json(record["payload"])
        counts = self._counts(set_id, record)
        status, error = self._status(set_id, record, counts)
        return SetState(
            id=set_id,
            status=status,
            progress=progress_of(counts, status, record.get("started_at")),
            request=SetRequest(model=payload.model, parameters=payload.parameters, images=len(payload.items)),
            items=counts,
            result=self.queue.results.get(set_id) if with_result else None,
            error=error,
            created_at=record["created_at"],
            started_at=record.get("started_at"),
            ended_at=record.get("ended_at"),
        )

    def states(self, cursor: int | None = None, limit: int = 20) -> tuple[list[SetState], int | None]:
        """Return sets without their results, newest first, and the cursor of the next page, if any."""
        below = "+inf" if cursor is None else f"({cursor}"
        found: Any = self.queue.redis.zrevrangebyscore(names.LISTED_SETS, below, "-inf", 0, limit, withscores=True)
        ids = [set_id.decode() for set_id, _ in found]
        states = [self.state(set_id, with_result=False) for set_id in ids if self._exists(set_id)]
        return states, int(found[-1][1]) if len(found) == limit else None

    def items(self, set_id: str, start: int = 0, limit: int = 100) -> tuple[list[SetItemState], int | None]:
        """Return some images of a set in its order, and where the next page starts, if there is one.

        Raises:
            UnknownJob: there is no set of that id.
        """
        payload = SetPayload.model_validate_json(self._record(set_id)["payload"])
        chosen = payload.items[start : start + limit]
        ids = [payload.evaluation(item).id for item in chosen]
        found = [
            SetItemState(file=item.file, label=item.label, image_sha256=item.image_sha256, id=item_id,
                         status=raw.status or "failed", pid=raw.pid, error=raw.error if raw.status else LOST)
            for item, item_id, raw in zip(chosen, ids, self.queue.records.read_many(ids), strict=True)
        ]  # fmt: skip
        end = start + limit
        return found, end if end < len(payload.items) else None

    def cancel(self, set_id: str) -> SetState:
        """End a set: its images that nobody else asked for are cancelled and their uploads erased.

        Raises:
            UnknownJob: there is none of that id.
        """
        state = self.state(set_id, with_result=False)
        with self.queue.redis.pipeline() as pipe:
            if not state.is_ended:
                pipe.hset(names.job(set_id), mapping={"cancelled": "1", "ended_at": now()})
            pipe.srem(names.SETS_UNFINISHED, set_id)
            self.queue.records.notify(pipe, set_id)
            pipe.execute()
        self.queue.withdraw(AggregatePayload(set_id=set_id).id)
        for item_id in self.item_ids(set_id):
            self.queue.redis.srem(names.owners(item_id), set_id)
            if not self.queue.redis.exists(names.owners(item_id)):
                self._cancel_item(item_id)
        return self.state(set_id)

    def next_event(self, set_id: str, after: str = "0", wait_s: float = 0.0) -> Event[SetState] | None:
        """Return the newest event of a set; see `JobQueue.next_event`.

        Raises:
            UnknownJob: there is none of that id.
        """
        newest = self.queue.records.last_event(set_id, after, wait_s)
        return None if newest is None else Event(newest, self.state(set_id))

    def item_began(self, job_id: str) -> None:
        """Note the beginning of the sets that a job is of."""
        for set_id in self._sets_of(job_id):
            self.queue.redis.hsetnx(names.job(set_id), "started_at", now())

    def item_ended(self, job_id: str) -> None:
        """Tell the sets that a job is of, and see to their tables where they are due."""
        for set_id in self._sets_of(job_id):
            self.queue.records.notify(self.queue.redis, set_id)
            if self._is_due(set_id, job_id):
                self.settle(set_id)

    def _is_due(self, set_id: str, job_id: str) -> bool:
        """Tell whether tables may be due behind an image, without counting all of them each time."""
        has_ended = self.queue.records.statuses([job_id])[0] not in ("queued", "running")
        with self.queue.redis.pipeline() as pipe:
            if has_ended:
                pipe.srem(names.pending(set_id), job_id)
            pipe.scard(names.pending(set_id))
            pipe.exists(names.table_lock(set_id))
            left, are_young = pipe.execute()[-2:]
        return not (left and are_young)

    def documents(self, set_id: str) -> Iterator[tuple[str | None, dict[str, Any]]]:
        """Yield label and result of each image that has succeeded.

        Raises:
            UnknownJob: there is no set of that id.
        """
        payload = SetPayload.model_validate_json(self._record(set_id)["payload"])
        for item in payload.items:
            if result := self.queue.results.get(payload.evaluation(item).id):
                yield item.label, result

    def conclude(self, set_id: str, result: Mapping[str, Any], counts: Counts) -> None:
        """Store tables; final ones where nothing is left that waits or runs."""
        self.queue.results.put(set_id, result)
        final = not has_open(counts)
        with self.queue.redis.pipeline() as pipe:
            if final:
                for name, value in {"ended_at": now(), **final_fields(counts)}.items():
                    pipe.hset(names.job(set_id), name, value)
                pipe.srem(names.SETS_UNFINISHED, set_id)
            self.queue.records.notify(pipe, set_id)
            pipe.execute()

    def counts(self, set_id: str) -> Counts:
        """Return how many images stand where.

        Raises:
            UnknownJob: there is none of that id.
        """
        return self._counts(set_id, self._record(set_id))

    def settle(self, set_id: str) -> None:
        """Have tables made: at the end, and from time to time before."""
        record = self._record_or_none(set_id)
        if record is None or "accepted" not in record or "cancelled" in record or is_final(record):
            return
        counts = self._counts(set_id, record)
        if has_open(counts):
            if not counts["succeeded"]:
                return
            if not self.queue.redis.set(names.table_lock(set_id), "", nx=True, ex=TABLES_EVERY_S):
                return
        self._enqueue_tables(set_id)

    def _enqueue_tables(self, set_id: str) -> None:
        payload = AggregatePayload(set_id=set_id)
        with self.queue.redis.pipeline() as pipe:
            while True:
                try:
                    pipe.watch(Job.key_for(payload.id))
                    status = self.queue.records.statuses([payload.id])[0]
                    if status in ("queued", "running", "failed"):
                        return
                    pipe.multi()
                    self.queue.enqueue(pipe, payload, payload.id, payload.kind, "evaluations")
                    pipe.execute()
                except WatchError:  # somebody else saw to it
                    continue
                return

    def is_there(self, set_id: str) -> bool:
        """Tell whether a set waits, runs or has succeeded."""
        record = self._record_or_none(set_id)
        if record is None or "accepted" not in record:
            return False
        status, _ = self._status(set_id, record, self._counts(set_id, record))
        return status in ("queued", "running") or (
            status == "succeeded" and bool(self.queue.redis.exists(names.result(set_id)))
        )

    def _status(self, set_id: str, record: Mapping[str, str], counts: Counts) -> tuple[Status, JobError | None]:
        if "cancelled" in record:
            return "cancelled", None
        raw = self.queue.records.read(AggregatePayload(set_id=set_id).id)
        if raw.status == "failed":
            return "failed", raw.error
        if not is_final(record):
            return ("running" if counts["running"] or any(counts[status] for status in ENDED) else "queued"), None
        if undone := counts["failed"] + counts["cancelled"]:
            detail = f"{undone} of {sum(counts.values())} images were not evaluated; see the items"
            return "failed", JobError(type="items_failed", detail=detail)
        return "succeeded", None

    def _counts(self, set_id: str, record: Mapping[str, str]) -> Counts:
        """Count images by status; one whose job is gone counts as failed, once the set is accepted."""
        if is_final(record):
            return final_counts(record)
        gone: Status = "failed" if "accepted" in record else "queued"
        found = Counter(status or gone for status in self.queue.records.statuses(self.item_ids(set_id)))
        return {status: found[status] for status in COUNTED}

    def _cancel_item(self, item_id: str) -> None:
        try:
            self.queue.cancel(item_id)
        except UnknownJob:  # its time was over
            return

    def item_ids(self, set_id: str) -> list[str]:
        """Return the ids of a set's evaluations, in its order."""
        return [as_text(item_id) for item_id in self.queue.redis.lrange(names.items(set_id), 0, -1)]

    def _sets_of(self, job_id: str) -> list[str]:
        owners = {as_text(owner) for owner in self.queue.redis.smembers(names.owners(job_id))}
        return sorted(owners - {"client"})

    def _exists(self, set_id: str) -> bool:
        return bool(self.queue.redis.exists(names.job(set_id)))

    def _record(self, set_id: str) -> dict[str, str]:
        record = self._record_or_none(set_id)
        if record is None:
            raise UnknownJob(f"no set {set_id}")
        return record

    def _record_or_none(self, set_id: str) -> dict[str, str] | None:
        found = self.queue.redis.hgetall(names.job(set_id))
        record = {as_text(name): as_text(value) for name, value in found.items()}
        return record if json.loads(record.get("payload", "{}")).get("kind") == "set" else None

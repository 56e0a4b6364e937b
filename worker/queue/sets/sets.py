"""Sets of images: submit whole or not at all, look up, list and cancel. Each image is an evaluation of its own."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from redis.exceptions import WatchError
from rq.job import Job

from worker.queue.contracts.sets import AggregatePayload, SetItemState, SetPayload, SetRequest, SetState
from worker.queue.contracts.state import ENDED, Event
from worker.queue.errors import QueueFull, SetTooLarge, UnknownJob
from worker.queue.evaluations import Evaluations
from worker.queue.idempotency import claim_key
from worker.queue.monitor import QueueMonitor
from worker.queue.scheduling import withdraw
from worker.queue.sets.counts import final_fields, progress_of
from worker.queue.sets.record import SetRecord, is_present, item_ids
from worker.queue.sets.tables import SetTables
from worker.queue.store import names
from worker.queue.store.records import LOST, now
from worker.queue.store.store import Store

LONGEST_CALL_S = 3600  # a submission that takes longer is taken for dead


@dataclass(frozen=True)
class Sets:
    """The sets in a store."""

    store: Store
    evaluations: Evaluations
    tables: SetTables
    monitor: QueueMonitor

    def submit(
        self, payload: SetPayload, uploads: Mapping[str, bytes], *, idempotency_key: str | None = None
    ) -> SetState:
        """Submit a set. An equal payload is the same set: its failed, cancelled and expired items run again.

        Several calls may submit the same set at once; a call that fails withdraws the set unless another goes on.

        Args:
            payload: the set.
            uploads: images and masks by sha256; each is looked up once, so a mapping may read them lazily.
            idempotency_key: of the client.

        Raises:
            SetTooLarge: more images than may ever wait.
            QueueFull: too many images wait at present.
            KeyReused: the key was used for another request.
            UploadMissing: an upload is neither given nor stored.
        """
        set_id = payload.id
        claim_key(self.store.redis, idempotency_key, set_id)
        if is_present(self.store, set_id):
            return self.state(set_id)
        ids = [payload.evaluation(item).id for item in payload.items]
        self._check_limit(ids)
        call = uuid4().hex
        if self._begin(payload, ids, call):
            try:
                self._submit_items(payload, uploads)
            except BaseException:  # also an interrupt: a set is submitted whole or not at all
                self._undo(set_id, call)
                raise
            self._accept(set_id, call)
        self.tables.settle(set_id)
        return self.state(set_id)

    def state(self, set_id: str, *, with_result: bool = True) -> SetState:
        """Return the state of a set; its result covers the items that have ended so far.

        Raises:
            UnknownJob: no set has that id.
        """
        record = SetRecord.get(self.store, set_id)
        payload, counts = record.payload, record.counts(self.store)
        status, error = record.status(self.store, counts)
        started_at = record.fields.get("started_at")
        return SetState(
            id=set_id,
            status=status,
            progress=progress_of(counts, status, started_at),
            request=SetRequest(model=payload.model, parameters=payload.parameters, images=len(payload.items)),
            items=counts,
            result=self.store.results.get(set_id) if with_result else None,
            error=error,
            created_at=record.fields["created_at"],
            started_at=started_at,
            ended_at=record.fields.get("ended_at"),
        )

    def states(self, cursor: int | None = None, limit: int = 20) -> tuple[list[SetState], int | None]:
        """Return a page of sets without results, newest first, and the cursor of the next page, if any."""
        below = "+inf" if cursor is None else f"({cursor}"
        found: Any = self.store.redis.zrevrangebyscore(names.LISTED_SETS, below, "-inf", 0, limit, withscores=True)
        ids = [set_id.decode() for set_id, _ in found]
        states = [self.state(set_id, with_result=False) for set_id in ids if self._exists(set_id)]
        return states, int(found[-1][1]) if len(found) == limit else None

    def items(self, set_id: str, start: int = 0, limit: int = 100) -> tuple[list[SetItemState], int | None]:
        """Return a page of a set's images in its order, and the start of the next page, if any.

        Raises:
            UnknownJob: no set has that id.
        """
        payload = SetRecord.get(self.store, set_id).payload
        chosen = payload.items[start : start + limit]
        ids = [payload.evaluation(item).id for item in chosen]
        found = [
            SetItemState(file=item.file, label=item.label, image_sha256=item.image_sha256, id=item_id,
                         status=raw.status or "failed", pid=raw.pid, error=raw.error if raw.status else LOST)
            for item, item_id, raw in zip(chosen, ids, self.store.records.read_many(ids), strict=True)
        ]  # fmt: skip
        end = start + limit
        return found, end if end < len(payload.items) else None

    def cancel(self, set_id: str) -> SetState:
        """Cancel a set that has not ended. Its images without another owner are cancelled, their uploads deleted.

        Raises:
            UnknownJob: no set has that id.
        """
        state = self.state(set_id, with_result=False)
        with self.store.redis.pipeline() as pipe:
            if not state.is_ended:
                pipe.hset(names.job(set_id), mapping={"cancelled": "1", "ended_at": now()})
            pipe.srem(names.SETS_UNFINISHED, set_id)
            self.store.records.notify(pipe, set_id)
            pipe.execute()
        withdraw(self.store, AggregatePayload(set_id=set_id).id)
        for item_id in item_ids(self.store, set_id):
            self.store.redis.srem(names.owners(item_id), set_id)
            if not self.store.redis.exists(names.owners(item_id)):
                with suppress(UnknownJob):  # it has expired
                    self.evaluations.cancel(item_id)
        return self.state(set_id)

    def next_event(self, set_id: str, after: str = "0") -> Event[SetState] | None:
        """Return the newest event of a set later than `after`, see `Evaluations.next_event`.

        Raises:
            UnknownJob: no set has that id.
        """
        newest = self.store.records.last_event(set_id, after)
        return None if newest is None else Event(newest, self.state(set_id))

    def _check_limit(self, ids: Sequence[str]) -> None:
        """Refuse a set with more unfinished images than may wait; finished images do not count.

        Raises:
            SetTooLarge: they exceed the limit by themselves.
            QueueFull: they exceed it together with the images that wait.
        """
        limit, waiting, unfinished = self.store.settings.set_queue_limit, self.monitor.depths()["sets"], 0
        with self.store.redis.pipeline(transaction=False) as pipe:
            for item_id in _unique(ids):
                pipe.exists(names.result(item_id))
            found = zip(self.store.records.statuses(_unique(ids)), pipe.execute(), strict=True)
        for status, has_result in found:
            unfinished += status not in ("queued", "running") and not (status == "succeeded" and has_result)
        if unfinished > limit:
            raise SetTooLarge(f"{unfinished} images to evaluate; at most {limit} may wait: split the set")
        if unfinished and waiting + unfinished > limit:
            retry_after_s = self.monitor.expected_s(waiting + unfinished - limit)
            raise QueueFull(waiting, retry_after_s=retry_after_s, what="images")

    def _begin(self, payload: SetPayload, ids: Sequence[str], call: str) -> bool:
        """Store the request.

        Returns:
            whether the items must be submitted: another call may have done so meanwhile.
        """
        set_id, ttl_s = payload.id, self.store.settings.result_ttl_s
        with self.store.redis.pipeline() as pipe:
            while True:
                try:
                    pipe.watch(names.job(set_id))
                    if is_present(self.store, set_id):
                        return False
                    pipe.multi()
                    pipe.hdel(names.job(set_id), "accepted", "cancelled", "started_at", *final_fields({}))
                    pipe.delete(names.items(set_id), Job.key_for(AggregatePayload(set_id=set_id).id))
                    pipe.rpush(names.items(set_id), *ids)
                    pipe.sadd(names.pending(set_id), *ids)
                    pipe.sadd(names.submitters(set_id), call)
                    pipe.expire(names.items(set_id), ttl_s)
                    pipe.expire(names.pending(set_id), ttl_s)
                    pipe.expire(names.submitters(set_id), LONGEST_CALL_S)
                    self.store.records.begin(pipe, set_id, payload.model_dump_json())
                    pipe.zadd(names.LISTED_SETS, {set_id: time.time_ns() // 1000}, nx=True)
                    pipe.execute()
                except WatchError:  # another call for the same set, or one of its images ended
                    continue
                return True

    def _submit_items(self, payload: SetPayload, uploads: Mapping[str, bytes]) -> None:
        for item in payload.items:
            evaluation = payload.evaluation(item)
            needed = {digest: uploads[digest] for digest in evaluation.uploads if digest in uploads}
            self.evaluations.submit(evaluation, needed, owner=payload.id, lane="sets")

    def _accept(self, set_id: str, call: str) -> None:
        ids = _unique(item_ids(self.store, set_id))
        statuses = zip(ids, self.store.records.statuses(ids), strict=True)
        ended = [item_id for item_id, status in statuses if status in ENDED]
        with self.store.redis.pipeline() as pipe:
            if ended:
                pipe.srem(names.pending(set_id), *ended)
            pipe.srem(names.submitters(set_id), call)
            pipe.hset(names.job(set_id), "accepted", "1")
            pipe.sadd(names.SETS_UNFINISHED, set_id)
            pipe.execute()

    def _undo(self, set_id: str, call: str) -> None:
        """Cancel the items of a failed call, unless another call for the same set goes on or has finished."""
        with self.store.redis.pipeline() as pipe:
            pipe.srem(names.submitters(set_id), call)
            pipe.scard(names.submitters(set_id))
            pipe.hexists(names.job(set_id), "accepted")
            _, others, is_accepted = pipe.execute()
        if not others and not is_accepted:
            self.cancel(set_id)

    def _exists(self, set_id: str) -> bool:
        return bool(self.store.redis.exists(names.job(set_id)))


def _unique(ids: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(ids))

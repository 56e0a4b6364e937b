"""A set is asked for: whole or not at all, by one call or by several that ask for the same at once."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from redis.exceptions import WatchError
from rq.job import Job

from worker.queue import names
from worker.queue.contracts.sets import AggregatePayload, SetPayload, SetState
from worker.queue.contracts.state import ENDED
from worker.queue.errors import QueueFull, SetTooLarge
from worker.queue.sets.counts import final_fields

if TYPE_CHECKING:
    from worker.queue.sets.sets import Sets

LONGEST_CALL_S = 3600  # for a set to be asked for; a call that takes longer has died


@dataclass(frozen=True)
class SetSubmission:
    """Puts sets into the queue."""

    sets: Sets

    def submit(self, payload: SetPayload, uploads: Mapping[str, bytes], idempotency_key: str | None) -> SetState:
        """See `Sets.submit`."""
        set_id = payload.id
        self.sets.queue.claim_key(idempotency_key, set_id)
        if self.sets.is_there(set_id):
            return self.sets.state(set_id)
        item_ids = [payload.evaluation(item).id for item in payload.items]
        self._check_limit(item_ids)
        call = uuid4().hex
        if self._begin(payload, item_ids, call):
            try:
                self._fan_out(payload, uploads)
            except BaseException:  # whatever it was: half a set is none
                self._undo(set_id, call)
                raise
            self._accept(set_id, call)
        self.sets.settle(set_id)
        return self.sets.state(set_id)

    def _check_limit(self, item_ids: Sequence[str]) -> None:
        """Make sure that those of the images that are to be done may wait; it costs nothing that others are.

        Raises:
            SetTooLarge: they never may.
            QueueFull: they may not now.
        """
        queue = self.sets.queue
        limit, waiting, undone = queue.settings.set_queue_limit, queue.depths()["sets"], 0
        with queue.redis.pipeline(transaction=False) as pipe:
            for item_id in _unique(item_ids):
                pipe.exists(names.result(item_id))
            found = zip(queue.records.statuses(_unique(item_ids)), pipe.execute(), strict=True)
        for status, has_result in found:
            undone += status not in ("queued", "running") and not (status == "succeeded" and has_result)
        if undone > limit:
            raise SetTooLarge(
                f"{undone} images are to be evaluated, and {limit} at most may wait: send it in parts"
            )
        if undone and waiting + undone > limit:
            retry_after_s = queue.expected_s(waiting + undone - limit)
            raise QueueFull(waiting, retry_after_s=retry_after_s, what="images")

    def _fan_out(self, payload: SetPayload, uploads: Mapping[str, bytes]) -> None:
        for item in payload.items:
            evaluation = payload.evaluation(item)
            needed = {digest: uploads[digest] for digest in evaluation.uploads if digest in uploads}
            self.sets.queue.submit(evaluation, needed, owner=payload.id, lane="sets")

    def _accept(self, set_id: str, call: str) -> None:
        item_ids = _unique(self.sets.item_ids(set_id))
        statuses = zip(item_ids, self.sets.queue.records.statuses(item_ids), strict=True)
        ended = [item_id for item_id, status in statuses if status in ENDED]
        with self.sets.queue.redis.pipeline() as pipe:
            if ended:
                pipe.srem(names.pending(set_id), *ended)
            pipe.srem(names.submitters(set_id), call)
            pipe.hset(names.job(set_id), "accepted", "1")
            pipe.sadd(names.SETS_UNFINISHED, set_id)
            pipe.execute()

    def _undo(self, set_id: str, call: str) -> None:
        """End what a call began that failed, unless another one that asks for the same goes on with it."""
        with self.sets.queue.redis.pipeline() as pipe:
            pipe.srem(names.submitters(set_id), call)
            pipe.scard(names.submitters(set_id))
            pipe.hexists(names.job(set_id), "accepted")
            _, others, is_accepted = pipe.execute()
        if not others and not is_accepted:
            self.sets.cancel(set_id)

    def _begin(self, payload: SetPayload, item_ids: Sequence[str], call: str) -> bool:
        """Write down what is asked for.

        Returns:
            whether its images are to be asked for: another call may just have done that.
        """
        set_id, ttl_s = payload.id, self.sets.queue.settings.result_ttl_s
        with self.sets.queue.redis.pipeline() as pipe:
            while True:
                try:
                    pipe.watch(names.job(set_id))
                    if self.sets.is_there(set_id):
                        return False
                    pipe.multi()
                    pipe.hdel(names.job(set_id), "accepted", "cancelled", "started_at", *final_fields({}))
                    pipe.delete(names.items(set_id), Job.key_for(AggregatePayload(set_id=set_id).id))
                    pipe.rpush(names.items(set_id), *item_ids)
                    pipe.sadd(names.pending(set_id), *item_ids)
                    pipe.sadd(names.submitters(set_id), call)
                    pipe.expire(names.items(set_id), ttl_s)
                    pipe.expire(names.pending(set_id), ttl_s)
                    pipe.expire(names.submitters(set_id), LONGEST_CALL_S)
                    self.sets.queue.records.begin(pipe, set_id, payload.model_dump_json())
                    pipe.zadd(names.LISTED_SETS, {set_id: time.time_ns() // 1000}, nx=True)
                    pipe.execute()
                except WatchError:  # another call for the same set, or one of its images ended
                    continue
                return True


def _unique(item_ids: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(item_ids))

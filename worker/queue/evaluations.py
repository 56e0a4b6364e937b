"""Evaluations of single images: submit, look up, list and cancel. Safe with concurrent callers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redis.exceptions import WatchError
from rq.job import Job, JobStatus

from worker.queue.contracts.evaluation import EvaluationPayload, EvaluationState
from worker.queue.contracts.state import Event
from worker.queue.errors import QueueFull, UnknownJob, UploadMissing
from worker.queue.idempotency import claim_key
from worker.queue.monitor import QueueMonitor
from worker.queue.scheduling import enqueue, job_status, withdraw
from worker.queue.store import names
from worker.queue.store.results import SLACK_S
from worker.queue.store.store import Lane, Store


@dataclass(frozen=True)
class Evaluations:
    """The evaluations in a store."""

    store: Store
    monitor: QueueMonitor

    def submit(
        self,
        payload: EvaluationPayload,
        uploads: Mapping[str, bytes],
        *,
        idempotency_key: str | None = None,
        owner: str = names.CLIENT,
        lane: Lane = "evaluations",
        forwards: int | None = None,
    ) -> EvaluationState:
        """Submit an evaluation. An equal payload is the same job; it runs again if it failed or was cancelled.

        Args:
            payload: the request.
            uploads: files by sha256; those already stored may be omitted.
            idempotency_key: of the client.
            owner: id of a set, or `names.CLIENT`.
            lane: where the job waits.
            forwards: estimated number of forward passes, from which run time is predicted.

        Raises:
            QueueFull: too many evaluations wait.
            KeyReused: the key was used for another request.
            UploadMissing: an upload is neither given nor stored.
        """
        claim_key(self.store.redis, idempotency_key, payload.id)
        with self.store.redis.pipeline() as pipe:
            while True:
                try:
                    pipe.watch(Job.key_for(payload.id), *map(names.blob, payload.uploads))
                    is_new = self._must_run(pipe, payload.id)
                    if is_new and lane == "evaluations":
                        self._check_limit()
                    missing = self._missing_uploads(pipe, payload, uploads, is_new=is_new)
                    pipe.multi()
                    self._add_owner(pipe, payload, owner)
                    for digest in payload.uploads:
                        self.store.blobs.hold(pipe, digest, payload.id, missing.get(digest))
                    if is_new:
                        enqueue(self.store, pipe, payload, lane)
                        size = {} if forwards is None else {"forwards": str(forwards)}
                        self.store.records.begin(pipe, payload.id, payload.model_dump_json(), **size)
                    else:
                        self._extend(pipe, payload.id)
                    pipe.execute()
                except WatchError:  # the same request came meanwhile, or an upload expired
                    continue
                return self.state(payload.id)

    def state(self, job_id: str, *, with_result: bool = True) -> EvaluationState:
        """Return the state of an evaluation.

        Raises:
            UnknownJob: no evaluation has that id.
        """
        records = self.store.records
        state = records.evaluation(job_id, records.read(job_id), with_result=with_result)
        if state is None:
            raise UnknownJob(f"no evaluation {job_id}; results are kept for {self.store.settings.result_ttl_s} s")
        return state

    def states(self, cursor: int | None = None, limit: int = 20) -> tuple[list[EvaluationState], int | None]:
        """Return a page of evaluations without results, newest first, and the cursor of the next page, if any."""
        below = "+inf" if cursor is None else f"({cursor}"
        found: Any = self.store.redis.zrevrangebyscore(names.LISTED, below, "-inf", 0, limit, withscores=True)
        ids = [job_id.decode() for job_id, _ in found]
        raws = zip(ids, self.store.records.read_many(ids), strict=True)
        states = [self.store.records.evaluation(job_id, raw, with_result=False) for job_id, raw in raws]
        return [state for state in states if state], int(found[-1][1]) if len(found) == limit else None

    def cancel(self, job_id: str) -> EvaluationState:
        """Cancel an evaluation that has not ended, and delete its uploads unless another job needs them.

        Raises:
            UnknownJob: no evaluation has that id.
        """
        state = self.state(job_id, with_result=False)
        withdraw(self.store, job_id)
        for digest in state.request.uploads:
            self.store.blobs.release(digest, job_id)
        return self.state(job_id)

    def next_event(self, job_id: str, after: str = "0") -> Event[EvaluationState] | None:
        """Return the newest event later than `after` with the current state; None if there is none.

        After an event with an ended state no further event comes, unless the job is submitted again.

        Raises:
            UnknownJob: no evaluation has that id.
        """
        newest = self.store.records.last_event(job_id, after)
        return None if newest is None else Event(newest, self.state(job_id))

    def _add_owner(self, pipe: Any, payload: EvaluationPayload, owner: str) -> None:
        pipe.sadd(names.owners(payload.id), owner)
        pipe.expire(names.owners(payload.id), self.store.settings.result_ttl_s)
        if owner == names.CLIENT:
            pipe.zadd(names.LISTED, {payload.id: time.time_ns() // 1000}, nx=True)

    def _extend(self, pipe: Any, job_id: str) -> None:
        """Restart the expiry of an existing job and its results."""
        ttl_s = self.store.settings.result_ttl_s
        for key in (names.job, names.events, names.result, names.scores, names.partial_curves, names.maps):
            pipe.expire(key(job_id), ttl_s + SLACK_S)
        pipe.expire(Job.key_for(job_id), ttl_s)

    def _must_run(self, pipe: Any, job_id: str) -> bool:
        """Return whether the job has no result and none is under way."""
        status = job_status(pipe, job_id)
        if status == JobStatus.FINISHED:
            return not pipe.exists(names.result(job_id))
        return status not in (JobStatus.QUEUED, JobStatus.STARTED)

    def _check_limit(self) -> None:
        """Refuse a new job if the lane is full. Concurrent requests may exceed the limit by their number.

        Raises:
            QueueFull: it is.
        """
        waiting = int(self.store.redis.llen(self.store.lanes["evaluations"].key))
        if waiting >= self.store.settings.queue_limit:
            raise QueueFull(waiting, retry_after_s=self.monitor.expected_wait_s() / max(1, waiting))

    def _missing_uploads(
        self, pipe: Any, payload: EvaluationPayload, uploads: Mapping[str, bytes], *, is_new: bool
    ) -> dict[str, bytes]:
        """Return those of the given uploads that are not stored yet.

        Raises:
            UploadMissing: the job must run, and an upload is neither given nor stored.
        """
        missing = [digest for digest in payload.uploads if not pipe.exists(names.blob(digest))]
        for digest in missing if is_new else ():
            if digest not in uploads:
                raise UploadMissing(f"upload {digest[:12]}… is not stored: send it again")
        return {digest: uploads[digest] for digest in missing if digest in uploads}

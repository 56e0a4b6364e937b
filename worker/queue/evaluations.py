"""The queue as the service sees it: ask for an evaluation, watch it, cancel it; atomic, whoever else does so."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Self

from redis import Redis
from redis.exceptions import WatchError
from rq import Queue, Retry
from rq.job import Job, JobStatus
from rq.registry import CanceledJobRegistry, FailedJobRegistry
from rq.results import Result
from rq.serializers import JSONSerializer
from rq.utils import as_text, now, utcformat, utcparse
from rq.worker_registration import REDIS_WORKER_KEYS

from telemetry.correlation import CURRENT
from worker.queue import names
from worker.queue.blobs import Blobs
from worker.queue.connection import connect
from worker.queue.contracts.base import Contract
from worker.queue.contracts.evaluation import EvaluationPayload, EvaluationState
from worker.queue.contracts.state import Event, WorkerState
from worker.queue.errors import KeyReused, QueueFull, UnknownJob, UploadMissing
from worker.queue.maintenance import Maintenance
from worker.queue.records import Records
from worker.queue.results import SLACK_S, Results
from worker.queue.sets.sets import Sets
from worker.queue.settings import DAY_S, QueueSettings
from worker.queue.timings import Timings

Lane = Literal["evaluations", "sets"]  # single evaluations go before the images of sets
LANES: tuple[Lane, ...] = ("evaluations", "sets")
CLIENT = "client"  # the owner of a job that somebody asked for by itself
FUNCTIONS = {"evaluation": "worker.jobs.evaluate", "aggregate": "worker.jobs.aggregate"}
MAINTENANCE_A_LEASE = 6  # times
STATES: dict[str, Literal["idle", "busy", "starting"]] = {"idle": "idle", "busy": "busy", "started": "starting"}


@dataclass(frozen=True)
class JobQueue:
    """All jobs at one Redis; safe to share between threads."""

    redis: Redis
    settings: QueueSettings

    @classmethod
    def at(cls, settings: QueueSettings) -> Self:
        """Return the queue at the Redis of the settings, for requests; nothing is connected yet.

        Raises:
            ValueError: the address is none; the message may hold the password.
        """
        return cls(connect(settings), settings)

    @cached_property
    def blobs(self) -> Blobs:
        """The uploads."""
        return Blobs(self.redis, self.settings.upload_ttl_s)

    @cached_property
    def results(self) -> Results:
        """The results and the maps."""
        return Results(self.redis, self.settings.result_ttl_s)

    @cached_property
    def records(self) -> Records:
        """What is told of jobs."""
        return Records(self.redis, self.settings.result_ttl_s)

    @cached_property
    def timings(self) -> Timings:
        """How long jobs took lately."""
        return Timings(self.redis)

    @cached_property
    def lanes(self) -> dict[Lane, Queue]:
        """RQ's queues, in the order in which workers look."""
        return {
            lane: Queue(f"{self.settings.queue}-{lane}", connection=self.redis, serializer=JSONSerializer)
            for lane in LANES
        }

    @cached_property
    def sets(self) -> Sets:
        """Sets of images."""
        return Sets(self)

    def submit(
        self,
        payload: EvaluationPayload,
        uploads: Mapping[str, bytes],
        *,
        idempotency_key: str | None = None,
        owner: str = CLIENT,
        lane: Lane = "evaluations",
        forwards: int | None = None,
    ) -> EvaluationState:
        """Ask for an evaluation; the same one again is the same job, and runs again if it failed or was cancelled.

        Args:
            payload: what to do.
            uploads: by sha256; those that are there already may be left out.
            idempotency_key: of the client.
            owner: a set, or a client by itself.
            lane: where it waits.
            forwards: about how many it needs, which says how long it takes.

        Raises:
            QueueFull: too many wait.
            KeyReused: the key came with another request before.
            UploadMissing: neither given nor there.
        """
        self.claim_key(idempotency_key, payload.id)
        with self.redis.pipeline() as pipe:
            while True:
                try:
                    pipe.watch(Job.key_for(payload.id), *map(names.blob, payload.uploads))
                    is_new = self._is_to_run(pipe, payload.id)
                    if is_new and lane == "evaluations":
                        self._check_limit()
                    missing = self._missing_uploads(pipe, payload, uploads, is_new=is_new)
                    pipe.multi()
                    self._join(pipe, payload, owner)
                    for digest in payload.uploads:
                        self.blobs.hold(pipe, digest, payload.id, missing.get(digest))
                    if is_new:
                        self.enqueue(pipe, payload, payload.id, payload.kind, lane)
                        size = {} if forwards is None else {"forwards": str(forwards)}
                        self.records.begin(pipe, payload.id, payload.model_dump_json(), **size)
                    else:
                        self._prolong(pipe, payload.id)
                    pipe.execute()
                except WatchError:  # somebody else asked for the same, or erased the upload
                    continue
                return self.state(payload.id)

    def state(self, job_id: str, *, with_result: bool = True) -> EvaluationState:
        """Return where an evaluation stands.

        Raises:
            UnknownJob: there is none of that id.
        """
        state = self.records.evaluation(job_id, self.records.read(job_id), with_result=with_result)
        if state is None:
            raise UnknownJob(f"no evaluation {job_id}; results are kept for {self.settings.result_ttl_s} s")
        return state

    def states(self, cursor: int | None = None, limit: int = 20) -> tuple[list[EvaluationState], int | None]:
        """Return evaluations without their results, newest first, and the cursor of the next page, if any."""
        below = "+inf" if cursor is None else f"({cursor}"
        found: Any = self.redis.zrevrangebyscore(names.LISTED, below, "-inf", 0, limit, withscores=True)
        ids = [job_id.decode() for job_id, _ in found]
        raws = zip(ids, self.records.read_many(ids), strict=True)
        states = [self.records.evaluation(job_id, raw, with_result=False) for job_id, raw in raws]
        return [state for state in states if state], int(found[-1][1]) if len(found) == limit else None

    def cancel(self, job_id: str) -> EvaluationState:
        """End an evaluation that has not ended, and erase its uploads unless another one needs them.

        Raises:
            UnknownJob: there is none of that id.
        """
        state = self.state(job_id, with_result=False)
        self.withdraw(job_id)
        for digest in state.request.uploads:
            self.blobs.release(digest, job_id)
        return self.state(job_id)

    def next_event(self, job_id: str, after: str = "0", wait_s: float = 0.0) -> Event[EvaluationState] | None:
        """Return the newest event behind another, waiting for one for so long, 5 s at most; None: there is none.

        Whoever has seen the event of a state that is ended has seen the last one.

        Raises:
            UnknownJob: there is none of that id.
        """
        newest = self.records.last_event(job_id, after, wait_s)
        return None if newest is None else Event(newest, self.state(job_id))

    def depths(self) -> dict[Lane, int]:
        """Return how many jobs wait in each lane."""
        return {lane: int(self.redis.llen(queue.key)) for lane, queue in self.lanes.items()}

    def oldest_age_s(self) -> float:
        """Return for how long the job that is next has waited; 0 where none waits."""
        ages = [0.0]
        for queue in self.lanes.values():
            if first := self.redis.lindex(queue.key, 0):
                since = self.redis.hget(Job.key_for(as_text(first)), "enqueued_at")
                ages.append(time.time() - utcparse(as_text(since)).timestamp() if since else 0.0)
        return max(ages)

    def abandoned(self) -> int:
        """Return how many jobs have ever failed because their workers vanished, which no worker can count."""
        return int(as_text(self.redis.get(names.ABANDONED) or b"0"))

    def workers(self) -> list[WorkerState]:
        """Return the workers that were heard of within a lease."""
        names = sorted(map(as_text, self.redis.smembers(REDIS_WORKER_KEYS)))
        with self.redis.pipeline() as pipe:
            for name in names:
                pipe.hmget(name, "state", "last_heartbeat", "device", "hostname", "queues")
            found = pipe.execute()
        mine = ",".join(queue.name for queue in self.lanes.values())
        return [
            WorkerState(
                name=name.rpartition(":")[2],
                state=STATES.get(state.decode() if state else "", "starting"),
                device=device.decode() if device else "cpu",
                host=host.decode() if host else "",
                last_seen_at=seen.decode(),
            )
            for name, (state, seen, device, host, queues) in zip(names, found, strict=True)
            if seen and queues == mine.encode() and self._is_recent(seen.decode())
        ]

    def expected_wait_s(self, job_id: str | None = None) -> float:
        """Return about how long a job that is asked for now waits and runs, going by the last ones and its size."""
        return self.timings.run_s(job_id) + self.expected_s(self.depths()["evaluations"])

    def expected_s(self, jobs: int) -> float:
        """Return about how long all workers take for so many jobs, going by the last ones."""
        return self.timings.run_s() * jobs / max(1, len(self.workers()))

    def maintain(self) -> None:
        """Give jobs of vanished workers back or fail them, and tidy up; does nothing where it was done just now.

        For one background thread of the service, and for workers: never within a request.
        """
        every_s = self.settings.lease_s / MAINTENANCE_A_LEASE
        if self.redis.set(names.MAINTAINED, "", nx=True, px=max(1, round(every_s * 1000))):
            Maintenance(self).run()

    def claim_key(self, idempotency_key: str | None, job_id: str) -> None:
        """Make sure that a client's key stands for this request, today.

        Raises:
            KeyReused: it stands for another.
        """
        if not idempotency_key:
            return
        key = names.idempotency(hashlib.sha256(idempotency_key.encode()).hexdigest())  # which is of any length
        if self.redis.set(key, job_id, nx=True, ex=DAY_S):
            return
        if as_text(self.redis.get(key) or job_id) != job_id:
            raise KeyReused("this idempotency key was given with another request")

    def withdraw(self, job_id: str) -> bool:
        """Let a job that waits or runs be no more; its worker notices between two batches.

        Returns:
            whether there was something to withdraw.
        """
        with self.redis.pipeline() as pipe:
            while True:
                try:
                    pipe.watch(Job.key_for(job_id))
                    if self._status(pipe, job_id) not in (JobStatus.QUEUED, JobStatus.STARTED):
                        return False
                    pipe.multi()
                    pipe.hset(Job.key_for(job_id), "status", JobStatus.CANCELED.value)
                    pipe.hset(Job.key_for(job_id), "ended_at", utcformat(now()))
                    pipe.expire(Job.key_for(job_id), self.settings.result_ttl_s)
                    for queue in self.lanes.values():
                        pipe.lrem(queue.key, 0, job_id)
                    pipe.srem(names.UNFINISHED, job_id)
                    self.records.notify(pipe, job_id)
                    pipe.execute()
                except WatchError:  # it began or ended just now
                    continue
                return True

    def enqueue(self, pipe: Any, payload: Contract, job_id: str, kind: str, lane: Lane) -> None:
        """Within a transaction: put a job at the end of a lane, as if it were its first time."""
        retries, queue = self.settings.retries, self.lanes[lane]
        pipe.delete(Job.key_for(job_id), Result.get_key(job_id), names.scores(job_id), names.growing(job_id))
        for registry in (FailedJobRegistry(queue=queue), CanceledJobRegistry(queue=queue)):
            pipe.zrem(registry.key, job_id)
        job = queue.create_job(
            FUNCTIONS[kind],
            args=(payload.model_dump(mode="json"),),
            job_id=job_id,
            description=f"{kind} {job_id}",
            timeout=self.settings.job_timeout_s,
            result_ttl=self.settings.result_ttl_s,
            failure_ttl=self.settings.result_ttl_s,
            meta=CURRENT.get().carried(),
            retry=Retry(max=retries, enqueue_at_front=True) if retries else None,
        )
        queue.enqueue_job(job, pipeline=pipe)
        pipe.sadd(names.UNFINISHED, job_id)
        pipe.hdel(names.MISSING, job_id)

    def _join(self, pipe: Any, payload: EvaluationPayload, owner: str) -> None:
        pipe.sadd(names.owners(payload.id), owner)
        pipe.expire(names.owners(payload.id), self.settings.result_ttl_s)
        if owner == CLIENT:
            pipe.zadd(names.LISTED, {payload.id: time.time_ns() // 1000}, nx=True)

    def _prolong(self, pipe: Any, job_id: str) -> None:
        """Let the time of what was asked for before begin again."""
        for key in (names.job, names.events, names.result, names.scores, names.growing, names.maps):
            pipe.expire(key(job_id), self.settings.result_ttl_s + SLACK_S)
        pipe.expire(Job.key_for(job_id), self.settings.result_ttl_s)

    def _status(self, pipe: Any, job_id: str) -> str | None:
        status = pipe.hget(Job.key_for(job_id), "status")
        return status.decode() if status else None

    def _is_to_run(self, pipe: Any, job_id: str) -> bool:
        """Tell whether there is no job of that id whose result is there or will be."""
        status = self._status(pipe, job_id)
        if status == JobStatus.FINISHED:
            return not pipe.exists(names.result(job_id))
        return status not in (JobStatus.QUEUED, JobStatus.STARTED)

    def _check_limit(self) -> None:
        """Make sure that one more may wait; requests at the same moment may go over the limit by their number.

        Raises:
            QueueFull: it may not.
        """
        if (waiting := int(self.redis.llen(self.lanes["evaluations"].key))) >= self.settings.queue_limit:
            raise QueueFull(waiting, retry_after_s=self.expected_wait_s() / max(1, waiting))

    def _missing_uploads(
        self, pipe: Any, payload: EvaluationPayload, uploads: Mapping[str, bytes], *, is_new: bool
    ) -> dict[str, bytes]:
        """Return those of the given uploads that are not there.

        Raises:
            UploadMissing: the job is to run, and an upload is neither given nor there.
        """
        missing = [digest for digest in payload.uploads if not pipe.exists(names.blob(digest))]
        for digest in missing if is_new else ():
            if digest not in uploads:
                raise UploadMissing(f"the upload {digest[:12]}… is not there: send it again")
        return {digest: uploads[digest] for digest in missing if digest in uploads}

    def _is_recent(self, seen: str) -> bool:
        return time.time() - utcparse(seen).timestamp() < self.settings.lease_s

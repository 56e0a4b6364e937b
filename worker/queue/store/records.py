"""Job records: status in RQ's hash, request and progress in ours, change events in a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from redis import Redis
from rq.job import Job

from worker.queue.contracts.evaluation import EvaluationPayload, EvaluationState
from worker.queue.contracts.state import ENDED, JobError, Progress, Status
from worker.queue.store import names
from worker.queue.store.results import SLACK_S, read_result

STATUS: dict[str, Status] = {  # RQ's status -> the API's
    "queued": "queued",
    "scheduled": "queued",
    "started": "running",
    "finished": "succeeded",
    "failed": "failed",
    "stopped": "cancelled",
    "canceled": "cancelled",
}
MAX_EVENTS = 1000  # per job; readers only need the newest
WAITING = Progress(stage="queued", done=0, total=0)
LOST = JobError(type="worker_lost", detail="the workers that ran the job vanished, and no retries are left")
RQ_FIELDS = ("status", "started_at", "ended_at")


class Raw(NamedTuple):
    """A job as stored."""

    record: dict[bytes, bytes]
    status: Status | None  # None: RQ has no such job
    started_at: str | None
    ended_at: str | None

    def document(self, field: str) -> Any:
        """Return a JSON field of the record; None if it is not set."""
        data = self.record.get(field.encode())
        return None if data is None else json.loads(data)

    @property
    def error(self) -> JobError | None:
        """Why the job failed."""
        if self.status != "failed":
            return None
        document = self.document("error")
        return LOST if document is None else JobError.model_validate(document)

    @property
    def pid(self) -> dict[str, dict[int, float]] | None:
        """PID by method and patch size."""
        return self.document("pid") if self.status == "succeeded" else None

    @property
    def progress(self) -> Progress:
        """Progress: from zero for a job that waits again, without an ETA for one that failed or was cancelled."""
        stored = self.document("progress")
        if stored is None or self.status == "queued":
            return WAITING
        progress = Progress.model_validate(stored)
        if self.status == "succeeded":  # the total is an upper bound that may not have been reached
            return Progress(stage="done", done=progress.total, total=progress.total, eta_s=0.0)
        return progress.model_copy(update={"eta_s": None}) if self.status in ENDED else progress


@dataclass(frozen=True)
class Records:
    """Hashes and streams of jobs and sets."""

    redis: Redis
    ttl_s: int

    def begin(self, pipe: Any, job_id: str, payload: str, **fields: str) -> None:
        """Within a transaction: store a request."""
        pipe.hdel(names.job(job_id), "progress", "error", "ended_at", "pid")
        pipe.hset(names.job(job_id), mapping={"payload": payload, "created_at": now(), **fields})
        self.notify(pipe, job_id)

    def progress(self, pipe: Any, job_id: str, progress: Progress) -> None:
        """Within a transaction: store a job's progress."""
        pipe.hset(names.job(job_id), "progress", progress.model_dump_json())
        self.notify(pipe, job_id)

    def scores(self, job_id: str, result: Mapping[str, Any]) -> None:
        """Store the PID scores of a result without its curves, for the listing of a set's images."""
        pid = {
            method: {score["patch_size"]: score["pid"] for score in found["scores"]}
            for method, found in result["methods"].items()
        }
        self.redis.hset(names.job(job_id), "pid", json.dumps(pid))

    def failure(self, pipe: Any, job_id: str, error: JobError) -> None:
        """Within a transaction: store why a job failed; RQ stores that it did."""
        pipe.hset(names.job(job_id), "error", error.model_dump_json())

    def notify(self, pipe: Any, *job_ids: str) -> None:
        """Within a transaction or outside: add a change event."""
        for job_id in job_ids:
            pipe.xadd(names.events(job_id), {"t": ""}, maxlen=MAX_EVENTS, approximate=True)
            pipe.expire(names.job(job_id), self.ttl_s + SLACK_S)
            pipe.expire(names.events(job_id), self.ttl_s + SLACK_S)

    def read(self, job_id: str) -> Raw:
        """Return one job."""
        return next(self.read_many([job_id]))

    def read_many(self, job_ids: Sequence[str]) -> Iterator[Raw]:
        """Yield jobs in the order of their ids, read in one transaction."""
        with self.redis.pipeline() as pipe:
            for job_id in job_ids:
                pipe.hgetall(names.job(job_id))
                pipe.hmget(Job.key_for(job_id), *RQ_FIELDS)
            answers = iter(pipe.execute())
        for record, (status, started_at, ended_at) in zip(answers, answers, strict=True):
            known = STATUS.get(status.decode()) if status else None
            started = _milliseconds(started_at) if known != "queued" else None
            yield Raw(record, known, started, _milliseconds(ended_at) if known in ENDED else None)

    def statuses(self, job_ids: Sequence[str]) -> list[Status | None]:
        """Return the statuses of jobs in the order of their ids; None for jobs that RQ does not have."""
        with self.redis.pipeline(transaction=False) as pipe:
            for job_id in job_ids:
                pipe.hget(Job.key_for(job_id), "status")
            return [STATUS.get(status.decode()) if status else None for status in pipe.execute()]

    def evaluation(self, job_id: str, raw: Raw, *, with_result: bool) -> EvaluationState | None:
        """Return the state of an evaluation; None if it has expired."""
        if raw.status is None or b"payload" not in raw.record:
            return None
        result = None
        if raw.status == "succeeded" and with_result:
            data: Any = self.redis.get(names.result(job_id))
            result = read_result(data)
        return EvaluationState(
            id=job_id,
            status=raw.status,
            progress=raw.progress,
            request=EvaluationPayload.model_validate(raw.document("payload")),
            result=result,
            error=raw.error,
            created_at=raw.record[b"created_at"].decode(),
            started_at=raw.started_at,
            ended_at=raw.ended_at,
        )

    def last_event(self, job_id: str, after: str) -> str | None:
        """Return the id of the newest event later than `after`; None if there is none."""
        answer = self.redis.xread({names.events(job_id): after})
        if not answer:
            return None
        streams = answer.values() if isinstance(answer, dict) else [entries for _, entries in answer]
        newest: bytes = next(iter(streams))[-1][0]
        return newest.decode()


def now() -> str:
    """Return the time in the API's format."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _milliseconds(at: bytes | None) -> str | None:
    """Convert RQ's time, in microseconds, to the API's format; None if empty."""
    return f"{at.decode()[:23]}Z" if at else None

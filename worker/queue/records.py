"""What is told of jobs: RQ's hash says where a job stands, a hash of ours what it is, a stream when to look."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from redis import Redis
from rq.job import Job

from worker.queue import names
from worker.queue.contracts.evaluation import EvaluationPayload, EvaluationState
from worker.queue.contracts.state import ENDED, JobError, Progress, Status
from worker.queue.results import SLACK_S, read_result

STATUS: dict[str, Status] = {  # RQ's word -> the API's
    "queued": "queued",
    "scheduled": "queued",
    "started": "running",
    "finished": "succeeded",
    "failed": "failed",
    "stopped": "cancelled",
    "canceled": "cancelled",
}
LONGEST_WAIT_S = 5.0  # for an event, at once: an answer of Redis may not take much longer
MAX_EVENTS = 1000  # kept a job; whoever was away for longer is told the newest
WAITING = Progress(stage="queued", done=0, total=0)
LOST = JobError(type="worker_lost", detail="the workers that ran the job vanished, as often as it was tried")
RQ_FIELDS = ("status", "started_at", "ended_at")


class Raw(NamedTuple):
    """A job as Redis has it."""

    record: dict[bytes, bytes]
    status: Status | None  # None: RQ knows no such job
    started_at: str | None
    ended_at: str | None

    def document(self, field: str) -> Any:
        """Return a field of the record that holds JSON; None where there is none."""
        data = self.record.get(field.encode())
        return None if data is None else json.loads(data)

    @property
    def error(self) -> JobError | None:
        """Why it failed."""
        if self.status != "failed":
            return None
        document = self.document("error")
        return LOST if document is None else JobError.model_validate(document)

    @property
    def pid(self) -> dict[str, dict[int, float]] | None:
        """The scores by method and patch size."""
        return self.document("pid") if self.status == "succeeded" else None

    @property
    def progress(self) -> Progress:
        """How far it is; one that waits again begins again, and one that came to nothing has no time left."""
        told = self.document("progress")
        if told is None or self.status == "queued":
            return WAITING
        progress = Progress.model_validate(told)
        if self.status == "succeeded":  # what was foreseen at most may not have been needed
            return Progress(stage="done", done=progress.total, total=progress.total, eta_s=0.0)
        return progress.model_copy(update={"eta_s": None}) if self.status in ENDED else progress


@dataclass(frozen=True)
class Records:
    """The hashes and streams of jobs and sets."""

    redis: Redis
    ttl_s: int

    def begin(self, pipe: Any, job_id: str, payload: str, **fields: str) -> None:
        """Within a transaction: write down what was asked for."""
        pipe.hdel(names.job(job_id), "progress", "error", "ended_at", "pid")
        pipe.hset(names.job(job_id), mapping={"payload": payload, "created_at": now(), **fields})
        self.notify(pipe, job_id)

    def progress(self, pipe: Any, job_id: str, progress: Progress) -> None:
        """Within a transaction: say how far a job is."""
        pipe.hset(names.job(job_id), "progress", progress.model_dump_json())
        self.notify(pipe, job_id)

    def scores(self, job_id: str, result: Mapping[str, Any]) -> None:
        """Write down what an evaluation scored, without its curves: lists of a set's images tell it."""
        pid = {
            method: {score["patch_size"]: score["pid"] for score in found["scores"]}
            for method, found in result["methods"].items()
        }
        self.redis.hset(names.job(job_id), "pid", json.dumps(pid))

    def failure(self, pipe: Any, job_id: str, error: JobError) -> None:
        """Within a transaction: say why a job failed, beside RQ's saying that it did."""
        pipe.hset(names.job(job_id), "error", error.model_dump_json())

    def notify(self, pipe: Any, *job_ids: str) -> None:
        """Within a transaction, or outside one: say that there is something new to tell."""
        for job_id in job_ids:
            pipe.xadd(names.events(job_id), {"t": ""}, maxlen=MAX_EVENTS, approximate=True)
            pipe.expire(names.job(job_id), self.ttl_s + SLACK_S)
            pipe.expire(names.events(job_id), self.ttl_s + SLACK_S)

    def read(self, job_id: str) -> Raw:
        """Return one job."""
        return next(self.read_many([job_id]))

    def read_many(self, job_ids: Sequence[str]) -> Iterator[Raw]:
        """Yield jobs in the order of their ids, read at one moment."""
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
        """Return where jobs stand, in the order of their ids; None for those RQ does not know."""
        with self.redis.pipeline(transaction=False) as pipe:
            for job_id in job_ids:
                pipe.hget(Job.key_for(job_id), "status")
            return [STATUS.get(status.decode()) if status else None for status in pipe.execute()]

    def evaluation(self, job_id: str, raw: Raw, *, with_result: bool) -> EvaluationState | None:
        """Return the state of an evaluation; None where its time is over."""
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

    def last_event(self, job_id: str, after: str, wait_s: float) -> str | None:
        """Return the id of the newest event behind `after`, waiting for one for so long (0: not at all)."""
        block = max(1, round(min(wait_s, LONGEST_WAIT_S) * 1000)) if wait_s else None
        answer = self.redis.xread({names.events(job_id): after}, block=block)
        if not answer:
            return None
        streams = answer.values() if isinstance(answer, dict) else [entries for _, entries in answer]
        newest: bytes = next(iter(streams))[-1][0]
        return newest.decode()


def now() -> str:
    """Return the time as the API writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _milliseconds(at: bytes | None) -> str | None:
    """Return RQ's time, which has microseconds, as the API writes it; an empty one is none."""
    return f"{at.decode()[:23]}Z" if at else None

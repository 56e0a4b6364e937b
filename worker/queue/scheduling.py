"""Put jobs into a lane and withdraw them, in transactions."""

from __future__ import annotations

from typing import Any

from redis.exceptions import WatchError
from rq import Retry
from rq.job import Job, JobStatus
from rq.registry import FailedJobRegistry
from rq.results import Result
from rq.utils import now, utcformat

from telemetry.correlation import CURRENT
from worker.queue.contracts.evaluation import EvaluationPayload
from worker.queue.contracts.sets import AggregatePayload
from worker.queue.store import names
from worker.queue.store.store import Lane, Store

# Function names in stored jobs: wire strings, not import paths, which waiting jobs of earlier releases carry.
FUNCTIONS = {"evaluation": "worker.jobs.evaluate", "aggregate": "worker.jobs.aggregate"}


def enqueue(store: Store, pipe: Any, payload: EvaluationPayload | AggregatePayload, lane: Lane) -> None:
    """Within a transaction: append a job to a lane, with a clean history and all its retries."""
    job_id, retries, queue = payload.id, store.settings.retries, store.lanes[lane]
    pipe.delete(Job.key_for(job_id), Result.get_key(job_id), names.scores(job_id), names.partial_curves(job_id))
    pipe.zrem(FailedJobRegistry(queue=queue).key, job_id)
    job = queue.create_job(
        FUNCTIONS[payload.kind],
        args=(payload.model_dump(mode="json"),),
        job_id=job_id,
        description=f"{payload.kind} {job_id}",
        timeout=store.settings.job_timeout_s,
        result_ttl=store.settings.result_ttl_s,
        failure_ttl=store.settings.result_ttl_s,
        meta=CURRENT.get().job_meta(),
        retry=Retry(max=retries, enqueue_at_front=True) if retries else None,
    )
    queue.enqueue_job(job, pipeline=pipe)
    pipe.sadd(names.UNFINISHED, job_id)
    pipe.hdel(names.MISSING, job_id)


def withdraw(store: Store, job_id: str) -> bool:
    """Cancel a job that waits or runs; its worker notices between two batches.

    Returns:
        whether the job was waiting or running.
    """
    with store.redis.pipeline() as pipe:
        while True:
            try:
                pipe.watch(Job.key_for(job_id))
                if job_status(pipe, job_id) not in (JobStatus.QUEUED, JobStatus.STARTED):
                    return False
                pipe.multi()
                pipe.hset(Job.key_for(job_id), "status", JobStatus.CANCELED.value)
                pipe.hset(Job.key_for(job_id), "ended_at", utcformat(now()))
                pipe.expire(Job.key_for(job_id), store.settings.result_ttl_s)
                for queue in store.lanes.values():
                    pipe.lrem(queue.key, 0, job_id)
                pipe.srem(names.UNFINISHED, job_id)
                store.records.notify(pipe, job_id)
                pipe.execute()
            except WatchError:  # the job began or ended meanwhile
                continue
            return True


def job_status(connection: Any, job_id: str) -> str | None:
    """Return RQ's status of a job; None if RQ has no such job."""
    status = connection.hget(Job.key_for(job_id), "status")
    return status.decode() if status else None

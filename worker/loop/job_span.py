"""Spans of a job in the trace of its request: the wait in the queue, then the run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from rq.job import Job

from telemetry.correlation import Correlation, correlated
from telemetry.spans import Span, Tracing


@contextmanager
def job_span(tracing: Tracing, job: Job) -> Iterator[Span]:
    """Run the block within the span of a job, with the job's ids in each log line."""
    job_id = {"labn.job.id": job.id}
    correlation = Correlation.of_job(job.id, job.meta)
    since_s = job.enqueued_at.timestamp() if job.enqueued_at else None
    with tracing.span("queue", parent=correlation.traceparent, started_s=since_s) as wait:
        wait.set_attributes(job_id)
    with tracing.span("job", parent=wait.traceparent, kind="consumer") as run:
        run.set_attributes(job_id)
        with correlated(replace(correlation, traceparent=run.traceparent)):
            yield run

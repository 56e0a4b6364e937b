"""A job as part of the trace of the request that asked for it: its wait in the queue, then its run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from rq.job import Job

from telemetry.correlation import Correlation, working_for
from telemetry.spans import Span, Tracing


@contextmanager
def job_span(tracing: Tracing, job: Job) -> Iterator[Span]:
    """Let what is done within be for a job."""
    job_id = {"labn.job.id": job.id}
    correlation = Correlation.of_job(job.id, job.meta)
    since_s = job.enqueued_at.timestamp() if job.enqueued_at else None
    with tracing.span("queue", parent=correlation.traceparent, started_s=since_s) as wait:
        wait.tell(job_id)
    with tracing.span("job", parent=wait.traceparent, kind="consumer") as run:
        run.tell(job_id)
        with working_for(replace(correlation, traceparent=run.traceparent)):
            yield run

"""Ids of the current request and job: part of each log line, and passed with a job from service to worker."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")  # W3C Trace Context


@dataclass(frozen=True, kw_only=True)
class Correlation:
    """Ids of the current work; None where there is none."""

    request_id: str | None = None
    job_id: str | None = None
    traceparent: str | None = None  # of the current span

    def log_fields(self) -> dict[str, str]:
        """Return the ids for a log line."""
        trace = TRACEPARENT.fullmatch(self.traceparent or "")
        ids = {"request_id": self.request_id, "job_id": self.job_id, "trace_id": trace and trace[1]}
        return {name: value for name, value in ids.items() if value}

    def job_meta(self) -> dict[str, str]:
        """Return the ids to store with a job."""
        ids = {"request_id": self.request_id, "traceparent": self.traceparent}
        return {name: value for name, value in ids.items() if value}

    @classmethod
    def of_job(cls, job_id: str, meta: Mapping[str, Any]) -> Correlation:
        """Return the ids of a job; stored values that are not valid ids are dropped."""
        return cls(
            job_id=job_id,
            request_id=_checked(REQUEST_ID, meta.get("request_id")),
            traceparent=_checked(TRACEPARENT, meta.get("traceparent")),
        )


NO_IDS = Correlation()
CURRENT: ContextVar[Correlation] = ContextVar("labn_correlation", default=NO_IDS)


@contextmanager
def correlated(correlation: Correlation) -> Iterator[None]:
    """Set the current ids for the block; asyncio.to_thread passes them on, thread pools do not."""
    token = CURRENT.set(correlation)
    try:
        yield
    finally:
        CURRENT.reset(token)


def _checked(pattern: re.Pattern[str], value: object) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None

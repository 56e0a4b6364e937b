"""Whose work it is: ids that each line of the log tells, and that go with a job from the service to its worker."""

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
    """The ids; None: there is none."""

    request_id: str | None = None
    job_id: str | None = None
    traceparent: str | None = None  # of the span that is under way

    def told(self) -> dict[str, str]:
        """Return what a line of the log says of it."""
        trace = TRACEPARENT.fullmatch(self.traceparent or "")
        ids = {"request_id": self.request_id, "job_id": self.job_id, "trace_id": trace and trace[1]}
        return {name: value for name, value in ids.items() if value}

    def carried(self) -> dict[str, str]:
        """Return what goes with a job through the queue."""
        ids = {"request_id": self.request_id, "traceparent": self.traceparent}
        return {name: value for name, value in ids.items() if value}

    @classmethod
    def of_job(cls, job_id: str, carried: Mapping[str, Any]) -> Correlation:
        """Return that of a job; what came through the queue and is no id is left out."""
        return cls(
            job_id=job_id,
            request_id=_checked(REQUEST_ID, carried.get("request_id")),
            traceparent=_checked(TRACEPARENT, carried.get("traceparent")),
        )


NOBODY = Correlation()
CURRENT: ContextVar[Correlation] = ContextVar("labn_correlation", default=NOBODY)


@contextmanager
def working_for(correlation: Correlation) -> Iterator[None]:
    """Let what is done within be for that; threads made by asyncio.to_thread know of it, those of pools do not."""
    token = CURRENT.set(correlation)
    try:
        yield
    finally:
        CURRENT.reset(token)


def _checked(pattern: re.Pattern[str], value: object) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None

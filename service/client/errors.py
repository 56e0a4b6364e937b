"""Errors of the client.

LabnError
└── ClientError
    ├── Unreachable     no answer at that address
    ├── Refused         the service answered with a problem (RFC 9457)
    ├── UnknownId       no job of that id
    └── JobFailed       the job ended without a result
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import httpx

from model.errors import LabnError


class ClientError(LabnError):
    """Base class of the client's errors."""


class Unreachable(ClientError):
    """No answer at that address, or a broken connection."""


class UnknownId(ClientError):
    """Neither an evaluation nor a set has that id; its time may be over."""

    def __init__(self, identifier: str) -> None:
        super().__init__(f"{identifier}: no evaluation or set ID, or its result is no longer kept")


class JobFailed(ClientError):
    """The job failed or was cancelled."""

    def __init__(self, state: dict[str, Any]) -> None:
        error = state.get("error") or {}
        reason = (
            f"failed: {error.get('detail', 'no reason given')}" if state["status"] == "failed" else "is cancelled"
        )
        super().__init__(f"{state['id']} {reason}")
        self.state = state


class Refused(ClientError):
    """The service answered with an error; `problem` is its RFC 9457 document."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.problem = _problem(response)
        self.retry_after_s = _seconds(response.headers.get("Retry-After"))
        detail = self.problem.get("detail") or self.problem.get("title")
        super().__init__(detail or f"{response.url.host} answered {self.status} {_phrase(self.status)}")


def _problem(response: httpx.Response) -> dict[str, Any]:
    """Return the problem document; empty if a proxy answered."""
    try:
        document = response.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after and retry_after.isascii() and retry_after.isdigit() else None


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""

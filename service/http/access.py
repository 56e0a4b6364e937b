"""Request id, access log, request metrics, and the answer to unexpected errors."""

from __future__ import annotations

import logging
from dataclasses import replace
from time import perf_counter
from urllib.parse import quote
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import ClientGone
from service.http.problems import PROBLEMS, UNEXPECTED, problem_response
from service.lifecycle import Lifecycle
from service.metrics.collectors import METHODS, OTHER, Metrics
from telemetry.correlation import CURRENT, REQUEST_ID, correlated
from telemetry.logs import FIELDS

LONGEST = 200  # characters of a path or an address in the log
EVENTS = b"text/event-stream"
CANCELLED = PROBLEMS[ClientGone].status  # recorded for a request that ended without an answer

logger = logging.getLogger("labn.access")


class Access:
    """ASGI middleware: sets `state["request_id"]` and the answer's X-Request-Id."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, lifecycle: Lifecycle) -> None:
        self._app = app
        self._metrics = metrics
        self._lifecycle = lifecycle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        with correlated(replace(CURRENT.get(), request_id=request_id)):
            await self._serve(scope, receive, send, request_id)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        status, is_stream = 0, False  # until the answer starts

        async def send_with_id(message: Message) -> None:
            nonlocal status, is_stream
            if message["type"] == "http.response.start":
                status, is_stream = message["status"], _is_stream(message)
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        started = perf_counter()
        self._metrics.in_flight.inc()
        self._lifecycle.in_flight += 1
        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            logger.exception("unexpected error in request %s", request_id)
            if status:
                raise  # the answer has begun: the server closes the connection
            problem = problem_response(UNEXPECTED, "it has been logged under request_id", request_id=request_id)
            await problem(scope, receive, send_with_id)
        finally:
            self._metrics.in_flight.dec()
            self._lifecycle.in_flight -= 1
            seconds = perf_counter() - started
            self._record(scope, status or CANCELLED, seconds, request_id, is_stream=is_stream)

    def _record(self, scope: Scope, status: int, seconds: float, request_id: str, *, is_stream: bool) -> None:
        route = getattr(scope.get("route"), "path", OTHER)
        method = scope["method"] if scope["method"] in METHODS else OTHER
        labels = (method, route, str(status))
        self._metrics.requests.labels(*labels).inc()
        if not is_stream:  # its duration is the client's choice, not a latency
            self._metrics.request_seconds.labels(*labels).observe(seconds)
        path = quote(scope["path"])[:LONGEST]  # quoted, so that clients cannot put line breaks into the log
        fields = {"method": method, "route": route, "status": status, "duration_s": round(seconds, 6)}
        origin = {"client": _address(scope)}
        if key := scope["state"].get("key"):
            origin["key"] = key.name
        who, extra = " by ".join(origin.values()), {FIELDS: fields | origin}
        logger.info(
            "%s %s %d %.1f ms %s from %s", method, path, status, seconds * 1000, request_id, who, extra=extra
        )


def _is_stream(start: Message) -> bool:
    return any(name == b"content-type" and value.startswith(EVENTS) for name, value in start["headers"])


def _address(scope: Scope) -> str:
    """Return the client's address: from a trusted proxy's header, else the peer of the connection."""
    host, _ = scope.get("client") or ("nowhere", 0)  # a unix socket has none
    return quote(host, safe=":")[:LONGEST]


def _request_id(scope: Scope) -> str:
    given = str(dict(scope["headers"]).get(b"x-request-id", b""), "latin-1")
    return given if REQUEST_ID.fullmatch(given) else uuid4().hex

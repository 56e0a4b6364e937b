"""Trace span of a request, a child of the client's span if it sent one."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.metrics.collectors import METHODS, OTHER
from telemetry.correlation import TRACEPARENT, Correlation, correlated
from telemetry.spans import Span, Tracing
from telemetry.tracing import NO_TRACING

PROBES = frozenset({"/healthz", "/readyz", "/metrics"})


class RequestSpans:
    """ASGI middleware: continues the client's `traceparent`, whether spans are exported or not."""

    def __init__(self, app: ASGIApp, *, tracing: Tracing) -> None:
        self._app = app
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        tracing = NO_TRACING if scope["path"] in PROBES else self._tracing
        method = scope["method"] if scope["method"] in METHODS else OTHER
        with tracing.span(method, parent=_traceparent(scope), kind="server") as span:
            with correlated(Correlation(traceparent=span.traceparent)):
                status = await self._serve(scope, receive, send)
            _describe(span, scope, method, status)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Return the status of the answer, 0 if there was none."""
        status = 0

        async def send_and_note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self._app(scope, receive, send_and_note_status)
        return status


def _describe(span: Span, scope: Scope, method: str, status: int) -> None:
    route = getattr(scope.get("route"), "path", OTHER)
    span.rename(f"{method} {route}")
    attributes = {"http.request.method": method, "http.route": route, "http.response.status_code": status}
    span.set_attributes({**attributes, "labn.request.id": scope["state"]["request_id"]})
    if status >= 500:
        span.fail(str(status))


def _traceparent(scope: Scope) -> str | None:
    given = str(dict(scope["headers"]).get(b"traceparent", b""), "latin-1")
    return given if TRACEPARENT.fullmatch(given) else None

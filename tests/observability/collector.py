"""An OTLP receiver: takes spans over HTTP, as a collector does, and reads them."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, kw_only=True)
class ReceivedSpan:
    """A span as it was sent."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    began_ns: int
    ended_ns: int
    is_error: bool
    attributes: dict[str, Any]


class Collector(ThreadingHTTPServer):
    """Listens on a free port; all that came is in `raw`, read in `spans`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.raw: list[bytes] = []
        Thread(target=self.serve_forever, daemon=True).start()

    def spans(self) -> list[ReceivedSpan]:
        """All spans that have come, in the order of their ends."""
        return sorted((span for raw in self.raw for span in _read(raw)), key=lambda span: span.ended_ns)

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.path == "/v1/traces"
        self.server.raw.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


def _read(raw: bytes) -> list[ReceivedSpan]:
    return [
        ReceivedSpan(
            service=_attributes(of_a_service.resource)["service.name"],
            name=span.name,
            trace=span.trace_id.hex(),
            id=span.span_id.hex(),
            parent=span.parent_span_id.hex(),
            began_ns=span.start_time_unix_nano,
            ended_ns=span.end_time_unix_nano,
            is_error=span.status.code == span.status.STATUS_CODE_ERROR,
            attributes=_attributes(span),
        )
        for of_a_service in ExportTraceServiceRequest.FromString(raw).resource_spans
        for of_a_scope in of_a_service.scope_spans
        for span in of_a_scope.spans
    ]


def _attributes(holder: Any) -> dict[str, Any]:
    return {
        pair.key: getattr(pair.value, pair.value.WhichOneof("value"))
        for pair in holder.attributes
        if pair.value.WhichOneof("value")
    }

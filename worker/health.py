"""HTTP server of a worker: /healthz and /metrics."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from worker.loop.heartbeat import SILENT_S, Heartbeat
from worker.queue.errors import InvalidSettings

PORT = 8001  # default, if free


class HealthServer(ThreadingHTTPServer):
    """Answers in its own threads, so that it can report a working thread that hangs."""

    daemon_threads = True

    def __init__(self, host: str, port: int, *, registry: CollectorRegistry, heartbeat: Heartbeat) -> None:
        """Listen at an address.

        Raises:
            InvalidSettings: the address is not available.
        """
        self.answers: dict[str, Callable[[], tuple[int, str, bytes]]] = {
            "/healthz": self._health,
            "/metrics": lambda: (200, CONTENT_TYPE_LATEST, generate_latest(registry)),
        }
        self._heartbeat = heartbeat
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            raise InvalidSettings(
                f"LABN_HOST, LABN_WORKER_PORT: cannot listen at {host}:{port}: {error}"
            ) from error

    @classmethod
    def at(cls, host: str, port: int | None, *, registry: CollectorRegistry, heartbeat: Heartbeat) -> HealthServer:
        """Listen at a port; without one at PORT, or at any free port if that is taken.

        Raises:
            InvalidSettings: the address is not available.
        """
        if port is not None:
            return cls(host, port, registry=registry, heartbeat=heartbeat)
        try:
            return cls(host, PORT, registry=registry, heartbeat=heartbeat)
        except InvalidSettings:
            return cls(host, 0, registry=registry, heartbeat=heartbeat)

    @property
    def url(self) -> str:
        """Address of the server."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> None:
        """Start answering."""
        Thread(target=self.serve_forever, name="health", daemon=True).start()

    def _health(self) -> tuple[int, str, bytes]:
        silent_s = self._heartbeat.silent_s()
        status = "ok" if silent_s < SILENT_S else "failed"
        body = json.dumps({"status": status, "silent_s": round(silent_s, 1)})
        return 200 if status == "ok" else 503, "application/json", body.encode()


class _Handler(BaseHTTPRequestHandler):
    server: HealthServer

    def do_GET(self) -> None:
        """Answer a request."""
        answer = self.server.answers.get(self.path.partition("?")[0])
        status, kind, body = answer() if answer else (404, "text/plain", b"/healthz and /metrics\n")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's name)
        """Log nothing: probes come every few seconds."""

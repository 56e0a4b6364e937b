"""Where the spans of the work go: to a collector where one is named, by OpenTelemetry, or nowhere."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec

from telemetry.spans import Attributes, Kind, Span, Tracing

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
EXTRA = ("opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http")

log = logging.getLogger("labn.tracing")


class NoSpan:
    """Nothing is sent; who called us is still known to those that we call."""

    def __init__(self, traceparent: str | None) -> None:
        self.traceparent = traceparent

    def rename(self, name: str) -> None:
        """Do nothing."""

    def tell(self, attributes: Attributes) -> None:
        """Do nothing."""

    def fail(self, reason: str) -> None:
        """Do nothing."""


class NoTracing:
    """Where no collector is named."""

    @contextmanager
    def span(
        self,
        name: str,  # noqa: ARG002  (the protocol's)
        *,
        parent: str | None,
        kind: Kind = "internal",  # noqa: ARG002
        started_s: float | None = None,  # noqa: ARG002
    ) -> Iterator[Span]:
        """Pass the parent on."""
        yield NoSpan(parent)


NO_TRACING = NoTracing()


def start_tracing(service: str, environment: Mapping[str, str]) -> Tracing:
    """Return what makes spans for a service of that name: as OpenTelemetry's own variables say, by default none."""
    if not any(map(environment.get, ENDPOINTS)) or environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return NO_TRACING
    if not _is_installed():
        log.warning("a collector is named and nothing is sent to it: install %s", " and ".join(EXTRA))
        return NO_TRACING
    # Here and not above: it is an extra, and takes a while to import.
    from telemetry.opentelemetry_tracing import OpenTelemetryTracing

    return OpenTelemetryTracing(service, environment)


def _is_installed() -> bool:
    try:
        return all(map(find_spec, ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http")))
    except ModuleNotFoundError:  # not even the package that it would be in
        return False

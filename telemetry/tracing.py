"""Set-up of tracing: OpenTelemetry if a collector is configured, else nothing."""

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
    """Span that is not recorded; it passes its parent on to child spans."""

    def __init__(self, traceparent: str | None) -> None:
        self.traceparent = traceparent

    def rename(self, name: str) -> None:
        """Do nothing."""

    def set_attributes(self, attributes: Attributes) -> None:
        """Do nothing."""

    def fail(self, reason: str) -> None:
        """Do nothing."""


class NoTracing:
    """Tracing without a collector."""

    @contextmanager
    def span(
        self,
        name: str,  # noqa: ARG002  (the protocol's)
        *,
        parent: str | None,
        kind: Kind = "internal",  # noqa: ARG002
        started_s: float | None = None,  # noqa: ARG002
    ) -> Iterator[Span]:
        """Yield a span with the parent's id."""
        yield NoSpan(parent)


NO_TRACING = NoTracing()


def start_tracing(service: str, environment: Mapping[str, str]) -> Tracing:
    """Return the tracing of a service by that name, configured by OpenTelemetry's own variables; default: none."""
    if not any(map(environment.get, ENDPOINTS)) or environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return NO_TRACING
    if not _is_installed():
        log.warning("a trace collector is configured but the exporter is missing: install %s", " and ".join(EXTRA))
        return NO_TRACING
    # Not at the top: an optional dependency that is slow to import.
    from telemetry.opentelemetry_tracing import OpenTelemetryTracing

    return OpenTelemetryTracing(service, environment)


def _is_installed() -> bool:
    try:
        return all(map(find_spec, ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http")))
    except ModuleNotFoundError:  # the parent package is missing
        return False

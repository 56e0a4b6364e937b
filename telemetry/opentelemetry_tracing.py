"""Spans by OpenTelemetry's SDK, sent as OTLP over HTTP. Imported only if a collector is configured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from telemetry.spans import Attributes, Kind, Span

KINDS = {"internal": SpanKind.INTERNAL, "server": SpanKind.SERVER, "consumer": SpanKind.CONSUMER}
PROPAGATOR = TraceContextTextMapPropagator()
TRACEPARENT = "traceparent"


class OpenTelemetryTracing:
    """Tracing with endpoint, headers, sampler and batching from the OTEL_ variables."""

    def __init__(self, service: str, environment: Mapping[str, str]) -> None:
        is_named = environment.get("OTEL_SERVICE_NAME") or SERVICE_NAME in environment.get(
            "OTEL_RESOURCE_ATTRIBUTES", ""
        )
        provider = TracerProvider(resource=Resource.create(None if is_named else {SERVICE_NAME: service}))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))  # flushed when the process ends
        self._tracer = provider.get_tracer("labn")

    @contextmanager
    def span(
        self, name: str, *, parent: str | None, kind: Kind = "internal", started_s: float | None = None
    ) -> Iterator[Span]:
        """Yield a span; of an exception only the class name is recorded."""
        span = self._tracer.start_span(
            name,
            context=PROPAGATOR.extract({TRACEPARENT: parent} if parent else {}, Context()),
            kind=KINDS[kind],
            start_time=None if started_s is None else round(started_s * 1e9),
        )
        current = _OpenTelemetrySpan(span)
        try:
            yield current
        except BaseException as error:
            current.fail(type(error).__name__)
            raise
        finally:
            span.end()


class _OpenTelemetrySpan:
    def __init__(self, span: trace.Span) -> None:
        self._span = span

    @property
    def traceparent(self) -> str | None:
        carrier: dict[str, str] = {}
        PROPAGATOR.inject(carrier, trace.set_span_in_context(self._span, Context()))
        return carrier.get(TRACEPARENT)

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def set_attributes(self, attributes: Attributes) -> None:
        self._span.set_attributes(attributes)

    def fail(self, reason: str) -> None:
        self._span.set_attribute("error.type", reason)
        self._span.set_status(StatusCode.ERROR)

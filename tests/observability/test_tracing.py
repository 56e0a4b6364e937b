"""One trace from a request over the queue to its job, across processes; and none where nobody asked for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from telemetry.tracing import NO_TRACING, start_tracing
from tests.conftest import Encode
from tests.observability.collector import Collector, ReceivedSpan
from tests.service.live import ROOT, LiveService, clean_environment
from tests.worker.live import LiveWorker, wait_for

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SECRET = b"Jane-Doe-1970"  # in the image, its name and its metadata
QUICKLY = {"OTEL_BSP_SCHEDULE_DELAY": "100"}  # ms between two exports; 5 s by default


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.stop()


def by_name(collector: Collector, *names: str) -> dict[str, ReceivedSpan]:
    """Wait for spans, and return them by name."""
    wait_for(lambda: {span.name for span in collector.spans()} >= set(names))
    return {span.name: span for span in collector.spans()}


def test_a_request_and_its_job_are_one_trace(
    collector: Collector,
    tiny_checkpoint: Path,
    redis_url: str,
    encode: Encode,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (QUICKLY | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}).items():
        monkeypatch.setenv(name, value)
    service = LiveService(tiny_checkpoint, redis_url=redis_url, host="127.0.0.1")
    worker = LiveWorker(redis_url, checkpoints=tiny_checkpoint)
    try:
        worker.address()
        files = {"image": (f"{SECRET.decode()}.jpg", encode(comment=SECRET))}
        caller = {"traceparent": f"00-{TRACE}-{CALLER}-01", "X-Request-Id": "asked-1"}
        fields = {"methods": "attention", "patch_sizes": "16"}
        job = httpx.post(f"{service.url}/v1/evaluations", files=files, data=fields, headers=caller).json()
        httpx.post(f"{service.url}/v1/predictions", files=files)
        spans = by_name(
            collector, "POST /v1/evaluations", "queue", "job", "POST /v1/predictions", "decode", "infer", "render"
        )
    finally:
        worker.kill()
        service.stop()
    asked, queue, run = spans["POST /v1/evaluations"], spans["queue"], spans["job"]
    assert [span.trace for span in (asked, queue, run)] == [TRACE] * 3
    assert [span.parent for span in (asked, queue, run)] == [CALLER, asked.id, queue.id]
    assert [span.service for span in (asked, queue, run)] == ["labn-service", "labn-worker", "labn-worker"]
    assert asked.began_ns < queue.began_ns < queue.ended_ns <= run.began_ns < run.ended_ns
    assert asked.attributes["labn.request.id"] == "asked-1"
    assert asked.attributes["http.response.status_code"] == 202
    assert run.attributes["labn.job.id"] == job["id"]
    assert (run.attributes["labn.job.kind"], run.attributes["labn.job.outcome"]) == ("evaluation", "succeeded")
    predicted = spans["POST /v1/predictions"]
    assert predicted.trace != TRACE
    assert {spans[name].parent for name in ("decode", "infer", "render")} == {predicted.id}
    assert not any(span.is_error for span in spans.values())
    assert not any(SECRET in raw for raw in collector.raw)
    assert not {"GET /readyz", "GET /metrics"} & set(spans)


def test_an_error_is_told_by_its_name_alone(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    tracing = start_tracing("labn-test", {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url})
    with pytest.raises(ValueError, match="Jane"), tracing.span("work", parent=None):
        raise ValueError(SECRET.decode())
    span = by_name(collector, "work")["work"]
    assert (span.is_error, span.attributes) == (True, {"error.type": "ValueError"})
    assert not any(SECRET in raw for raw in collector.raw)


@pytest.mark.parametrize(
    "environment",
    [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"}],
    ids=["nobody-asked", "disabled"],
)
def test_is_off(environment: dict[str, str]) -> None:
    assert start_tracing("labn-test", environment) is NO_TRACING


def test_a_caller_is_passed_on_where_it_is_off() -> None:
    with NO_TRACING.span("work", parent="00-a-b-01") as span:
        assert span.traceparent == "00-a-b-01"


WITHOUT_THE_EXTRA = """
import logging, sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name == {absent!r} or name.startswith({absent!r} + "."):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
logging.basicConfig()
import service.app, worker.__main__
from telemetry.tracing import NO_TRACING, start_tracing
assert start_tracing("labn", {environment!r}) is NO_TRACING
print("sdk" if any(name.startswith({absent!r}) for name in sys.modules) else "none")
"""


@pytest.mark.parametrize(("endpoint", "warned"), [("", False), ("http://127.0.0.1:1", True)])
@pytest.mark.parametrize("absent", ["opentelemetry.sdk", "opentelemetry.exporter"])
def test_runs_without_the_extra(absent: str, endpoint: str, warned: bool) -> None:
    program = WITHOUT_THE_EXTRA.format(absent=absent, environment={"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint})
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "none\n"
    assert ("install opentelemetry-sdk" in done.stderr) is warned

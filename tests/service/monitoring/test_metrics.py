from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from service.models.registry import ModelRegistry
from tests.conftest import Encode
from tests.service.api import Client


def families(client: Client) -> set[str]:
    return {family.name for family in text_string_to_metric_families(client.get("/metrics").text)}


def test_every_metric_is_there(client: Client, encode: Encode) -> None:
    client.predict(encode())
    assert families(client) >= {
        "labn_http_requests",
        "labn_http_request_duration_seconds",
        "labn_http_requests_in_flight",
        "labn_stage_duration_seconds",
        "labn_batch_size",
        "labn_requests_rejected",
        "labn_predictions",
        "labn_prediction_confidence",
        "labn_attention_coverage_ratio",
        "labn_model_info",
    }


def test_counts_a_prediction(client: Client, registry: ModelRegistry, encode: Encode) -> None:
    answer = client.predict(encode()).json()
    label = answer["prediction"]["label"]
    request = {"method": "POST", "route": "/v1/predictions", "status": "200"}
    assert client.metric("labn_http_requests_total", **request) == 1
    assert client.metric("labn_http_request_duration_seconds_count", **request) == 1
    assert client.metric("labn_predictions_total", model="tiny", label=label) == 1
    assert client.metric("labn_prediction_confidence_sum") == answer["prediction"]["probability"]
    assert client.metric("labn_attention_coverage_ratio_sum") == answer["explanation"]["coverage"]
    assert client.metric("labn_batch_size_sum") == 1
    for stage in ("decode", "queue", "infer", "render", "total"):
        assert client.metric("labn_stage_duration_seconds_count", stage=stage) == 1
    info = {"name": "tiny", "version": registry.default.version, "preset": "custom"}
    assert client.metric("labn_model_info", **info) == 1


def test_coverage_is_of_the_gate(client: Client, encode: Encode) -> None:
    own = client.predict(encode()).json()["explanation"]["coverage"]
    assert client.predict(encode(), params={"threshold": "1"}).json()["explanation"]["coverage"] == 0
    client.predict(encode(), params={"explanation": "lambda_attention"})
    client.predict(encode(), params={"explanation": "none"})
    assert client.metric("labn_attention_coverage_ratio_count") == 2
    assert client.metric("labn_attention_coverage_ratio_sum") == 2 * own > 0


def test_durations_have_an_edge_at_a_tenth_of_a_second(client: Client, encode: Encode) -> None:
    client.predict(encode())
    lines = [line for line in client.get("/metrics").text.splitlines() if "/v1/predictions" in line]
    edges = {line.partition('le="')[2].partition('"')[0] for line in lines if "_bucket" in line}
    assert {"0.0025", "0.1", "10.0", "+Inf"} <= edges


def test_labels_come_from_closed_sets(client: Client) -> None:
    for path in ("/secret/1", "/secret/2", "/v1/models/nothing", "/v1/models/nobody"):
        client.get(path)
    client.request("BREW", "/coffee")
    assert client.metric("labn_http_requests_total", method="GET", route="other", status="404") == 2
    assert client.metric("labn_http_requests_total", method="GET", route="/v1/models/{name}", status="404") == 2
    assert client.metric("labn_http_requests_total", method="other", route="other", status="404") == 1
    text = client.get("/metrics").text
    assert not any(word in text for word in ("secret", "nobody", "BREW"))


def test_rejections_start_at_zero(client: Client) -> None:
    assert 'labn_requests_rejected_total{reason="queue-full"} 0.0' in client.get("/metrics").text


def test_applications_count_apart(client: Client, make_app: Callable[..., FastAPI]) -> None:
    other = make_app().state.metrics.registry
    client.get("/nothing")
    assert other.get_sample_value("labn_requests_rejected_total", {"reason": "not-found"}) == 0
    assert client.metric("labn_requests_rejected_total", reason="not-found") == 1

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import Encode
from tests.service.api import Client
from tests.service.live import wait_until


def samples(client: Client) -> dict[tuple[str, str], float]:
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in families
        if family.name.startswith(("labn_queue", "labn_workers", "labn_jobs"))
        for sample in family.samples
    }


def test_with_a_worker(working_client: Client) -> None:
    wait_until(lambda: working_client.get("/readyz").json()["status"] == "ready")
    status = working_client.get("/v1/status").json()
    assert status["status"] == "ready"
    assert status["queue"]["limit"] == 256
    (worker,) = status["workers"]
    assert (worker["device"], status["devices"]) == ("cpu", {"service": "cpu", "workers": ["cpu"]})
    assert worker["state"] in ("idle", "busy")
    assert status["key"] is None
    checks = working_client.get("/readyz").json()["checks"]
    assert (checks["redis"], checks["workers"]) in (("there", "1 idle"), ("there", "1 busy"))
    found = samples(working_client)
    assert sum(value for (name, _), value in found.items() if name == "labn_workers") == 1
    assert {state for name, state in found if name == "labn_workers"} == {"idle", "busy", "starting"}


def test_what_a_forward_took_is_told(working_client: Client, encode: Encode) -> None:
    state = working_client.wait(working_client.submit(encode()).headers["location"])
    version = state["request"]["model"]["version"]

    def told() -> dict[str, float]:
        found: dict[str, float] = working_client.get("/v1/status").json()["queue"]["forward_s"]
        return found

    wait_until(lambda: version in told())
    assert told()[version] > 0


def test_without_a_worker(queue_client: Client, encode: Encode) -> None:
    queue_client.submit(encode(seed=1))
    queue_client.submit(encode(seed=2))
    wait_until(lambda: samples(queue_client).get(("labn_queue_depth", "evaluations")) == 2)
    found = samples(queue_client)
    assert found["labn_queue_depth", "sets"] == 0
    assert found["labn_jobs_abandoned_total", ""] == 0
    assert found["labn_queue_oldest_age_seconds", ""] > 0
    assert sum(value for (name, _), value in found.items() if name == "labn_workers") == 0
    ready = queue_client.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert ready.json()["checks"]["workers"] == "none"
    status = queue_client.get("/v1/status").json()
    assert (status["status"], status["queue"]["depths"]) == ("degraded", {"evaluations": 2, "sets": 0})

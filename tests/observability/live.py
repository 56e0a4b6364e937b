"""What is shipped for Prometheus and Grafana, on a real run: `make test-observability`, not part of `make test`."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.conftest import Encode
from tests.observability.load import Load
from tests.observability.monitoring import Monitoring
from tests.observability.pictures import draw
from tests.observability.shipped import DASHBOARDS, PROMETHEUS, Query, panel_queries, recorded
from tests.observability.stack import Stack
from tests.worker.live import wait_for

ROUNDS = 8
DATA_S = 60.0
WAIT_S = 240.0  # for a round: the worker is niced, and a machine under test may be busy


pytestmark = pytest.mark.timeout(1200)  # the first test waits for the load


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, tiny_checkpoint: Path) -> Iterator[Stack]:
    """What `make serve` starts, watched by a Prometheus."""
    with ExitStack() as exits:
        yield exits.enter_context(Stack(tmp_path_factory.mktemp("stack"), tiny_checkpoint))


@pytest.fixture(scope="module")
def load(stack: Stack, encode: Encode) -> Load:
    """A smoke load, all of whose jobs have ended."""
    load = Load(stack.url, encode)
    for _ in range(ROUNDS):
        jobs = load.run_round(methods="attention,random", patch_sizes="16")
        wait_for(lambda jobs=jobs: all(map(load.is_ended, jobs)), within_s=WAIT_S)
    return load


@pytest.fixture
def monitoring(stack: Stack, load: Load) -> Monitoring:  # noqa: ARG001  (it must have gone before)
    return stack.monitoring


def wait_for_data(monitoring: Monitoring, load: Load, expression: str) -> None:
    """Go on asking the service a little, since some panels show the last minute alone."""
    deadline = time.monotonic() + DATA_S
    while not monitoring.query(expression):
        assert time.monotonic() < deadline, expression
        load.glance()
        time.sleep(1)


def promtool(*arguments: str, text: bytes | None = None) -> str:
    done = subprocess.run(["promtool", *arguments], input=text, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    return done.stdout.decode() + done.stderr.decode()


class TestOnPaper:
    def test_the_configuration_and_the_rules(self) -> None:
        assert "SUCCESS" in promtool("check", "config", str(PROMETHEUS / "prometheus.yml"))
        files = sorted(map(str, (PROMETHEUS / "rules").glob("*.yml")))
        assert promtool("check", "rules", *files).count("SUCCESS") == len(files)

    @pytest.mark.parametrize("file", sorted((PROMETHEUS / "tests").glob("*.yml")), ids=lambda file: file.stem)
    def test_the_unit_tests(self, file: Path) -> None:
        assert "SUCCESS" in promtool("test", "rules", str(file))


class TestOnARun:
    def test_every_target_is_up(self, monitoring: Monitoring) -> None:
        targets = monitoring.get("targets")["activeTargets"]
        assert {(found["labels"]["job"], found["health"]) for found in targets} == {
            ("labn-service", "up"), ("labn-worker", "up"), ("prometheus", "up"),
        }  # fmt: skip

    def test_the_metrics_are_as_they_should_be(self, stack: Stack) -> None:
        for url in (stack.url, stack.worker_url):
            assert promtool("check", "metrics", text=httpx.get(f"{url}/metrics").content) == ""

    @pytest.mark.parametrize("name", sorted(recorded()))
    def test_every_recording_rule_has_data(self, monitoring: Monitoring, load: Load, name: str) -> None:
        wait_for_data(monitoring, load, name)

    @pytest.mark.parametrize("query", list(panel_queries()), ids=lambda query: query.place)
    def test_every_panel_has_data(self, monitoring: Monitoring, load: Load, query: Query) -> None:
        wait_for_data(monitoring, load, query.expression)

    def test_no_rule_fails(self, monitoring: Monitoring) -> None:
        groups = monitoring.get("rules")["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        assert {(rule["health"], rule.get("lastError")) for rule in rules} == {("ok", None)}

    def test_counts_are_those_of_the_load(self, monitoring: Monitoring, load: Load) -> None:
        counted = "sum(labn_predictions_total)"
        wait_for(lambda: monitoring.query(counted)[0]["value"][1] == str(load.predictions))
        outcomes = {
            found["metric"]["outcome"]: float(found["value"][1])
            for found in monitoring.query('sum by (outcome) (labn_jobs_total{kind="evaluation"})')
        }
        assert (outcomes["succeeded"], outcomes["failed"]) == (2 * ROUNDS, ROUNDS)

    def test_an_alert_fires_and_is_delivered(self, monitoring: Monitoring, load: Load) -> None:
        """Slow predictions burn the budget: one in seven is too many, however fast the others were."""
        command = ["amtool", "alert", "query", f"--alertmanager.url={monitoring.alertmanager_url}"]

        def listed() -> str:
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout

        while "LabnLatencyBudgetBurnsFast" not in listed():
            load.predict_slowly()
        assert "LabnServiceDown" not in listed()
        wait_for(lambda: "LabnLatencyBudgetBurnsFast" in monitoring.receiver.alerts())
        alert = monitoring.receiver.alerts()["LabnLatencyBudgetBurnsFast"]
        assert alert["labels"]["severity"] == "page"
        assert alert["annotations"]["runbook_url"] == "docs/operations.md#labnlatencybudgetburnsfast"

    @pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
    def test_a_dashboard_can_be_drawn(self, stack: Stack, file: Path, tmp_path: Path) -> None:
        empty = draw(file, stack.monitoring, tmp_path / "picture.png", span_s=300)
        assert empty == []


def test_all_of_it_ends(tmp_path: Path, tiny_checkpoint: Path) -> None:
    with Stack(tmp_path / "stack", tiny_checkpoint) as stack:
        urls = (stack.url, stack.worker_url, stack.monitoring.url, stack.monitoring.alertmanager_url)
        assert all(httpx.get(url).status_code < 500 for url in urls)
    for url in urls:
        with pytest.raises(httpx.TransportError):
            httpx.get(url)

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import pytest

from service.metrics.collectors import STAGE_BUCKETS_S
from tests.observability.shipped import (
    EXPORTED,
    PROMETHEUS,
    RECORDED,
    ROOT,
    alerts,
    exported,
    panel_queries,
    read_yaml,
    recorded,
    rule_queries,
    rules,
)
from worker.metrics import SCORES

RUNBOOK = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def unit_tests() -> dict[str, set[bool]]:
    """Whether the unit tests see an alert fire, and see it silent."""
    seen: defaultdict[str, set[bool]] = defaultdict(set)
    for file in (PROMETHEUS / "tests").glob("*.test.yml"):
        for test in read_yaml(file)["tests"]:
            for case in test["alert_rule_test"]:
                seen[case["alertname"]].add(bool(case["exp_alerts"]))
    return seen


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_says_all_that_whoever_is_woken_needs(alert: dict[str, Any]) -> None:
    name = alert["alert"]
    assert alert["labels"]["severity"] in ("page", "ticket")
    assert alert["annotations"]["summary"]
    assert alert["annotations"]["runbook_url"] == f"docs/operations.md#{name.lower()}"
    assert f"\n### {name}\n" in RUNBOOK
    assert unit_tests()[name] == {True, False}


def test_the_runbook_is_of_alerts_that_are_there() -> None:
    assert set(re.findall(r"^### (Labn\w+)$", RUNBOOK, re.MULTILINE)) == {alert["alert"] for alert in alerts()}
    links = set(re.findall(r"\(#(labn\w+)\)", RUNBOOK))
    assert links <= {alert["alert"].lower() for alert in alerts()}


def test_expressions_are_of_what_is_exported_or_recorded() -> None:
    queries = [*rule_queries(), *panel_queries()]
    used = {name for query in queries for name in EXPORTED.findall(query.expression)}
    assert used <= exported()
    assert {name for query in queries for name in RECORDED.findall(query.expression)} <= recorded()


def test_nothing_is_recorded_in_vain() -> None:
    queries = [*rule_queries(), *panel_queries()]
    assert recorded() == {name for query in queries for name in RECORDED.findall(query.expression)}


def test_what_is_promised_is_an_edge_of_the_histogram() -> None:
    (bound,) = {edge for rule in rules() for edge in re.findall(r'le="([\d.]+)"', rule["expr"])}
    assert float(bound) in STAGE_BUCKETS_S
    assert str(float(bound)) == bound  # as the client writes it


def test_means_of_scores_follow_from_edges_every_tenth() -> None:
    """A score in the bucket below edge k of 21 is counted by the 21 - k edges from there on."""
    for score in (-1.0, -0.35, 0.05, 0.95):
        counting = sum(score <= edge for edge in SCORES)
        assert abs(1.05 - 0.1 * counting - score) <= 0.05 + 1e-9
    means = [rule["expr"] for rule in rules() if rule.get("record", "").startswith("labn:pid_score:mean")]
    assert all(mean.startswith("1.05 - 0.1 * sum") for mean in means)


def test_every_process_is_scraped_by_its_name() -> None:
    configuration = read_yaml(PROMETHEUS / "prometheus.yml")
    jobs = {job["job_name"]: job for job in configuration["scrape_configs"]}
    for name, port in (("service", 8000), ("worker", 8001)):
        (found,) = jobs[f"labn-{name}"]["dns_sd_configs"]
        assert (found["names"], found["type"], found["port"]) == ([name], "A", port)
    used = {job for query in rule_queries() for job in re.findall(r'job="([\w-]+)"', query.expression)}
    assert used <= set(jobs)
    assert list(PROMETHEUS.glob(*configuration["rule_files"]))

"""What is shipped for Prometheus and Grafana, read as they read it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from prometheus_client import CollectorRegistry

from service.jobs.metrics import QueueCollector
from service.jobs.watch import QueueWatch
from service.metrics.collectors import Metrics
from worker.metrics import WorkerMetrics
from worker.queue.job_queue import JobQueue
from worker.queue.settings import QueueSettings

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
DASHBOARDS = sorted((ROOT / "deploy" / "grafana" / "dashboards").glob("*.json"))
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
EXPORTED = re.compile(r"\blabn_[a-z_]+")
RECORDED = re.compile(r"\blabn:[a-z0-9_:]+")


class Query(NamedTuple):
    """An expression and where it stands."""

    place: str
    expression: str


def read_yaml(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def rules() -> list[dict[str, Any]]:
    """Every rule, recording or alert."""
    files = sorted((PROMETHEUS / "rules").glob("*.rules.yml"))
    return [rule for file in files for group in read_yaml(file)["groups"] for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    return [rule for rule in rules() if "alert" in rule]


def recorded() -> set[str]:
    """The names of recording rules."""
    return {rule["record"] for rule in rules() if "record" in rule}


def panel_queries() -> Iterator[Query]:
    for file in DASHBOARDS:
        for panel in json.loads(file.read_text(encoding="utf-8"))["panels"]:
            for target in panel["targets"]:
                yield Query(f"{file.stem}: {panel['title']} {target['refId']}", target["expr"])


def rule_queries() -> Iterator[Query]:
    for rule in rules():
        yield Query(rule.get("record") or rule["alert"], rule["expr"])


def exported() -> set[str]:
    """The names of all samples that service and workers export."""
    queue = CollectorRegistry()
    queue.register(QueueCollector(QueueWatch(JobQueue.at(QueueSettings()))))
    registries = Metrics(rejection_reasons=["any"]).registry, queue, WorkerMetrics(device="cpu").registry
    families = [family for registry in registries for family in registry.collect()]
    ours = [family for family in families if family.name.startswith("labn_")]
    names = {family.name + suffix for family in ours for suffix in SUFFIXES[family.type]}
    return names - {"labn_pid_score_sum"}  # the client leaves it out where scores may be negative

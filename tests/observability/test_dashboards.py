from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.observability.shipped import DASHBOARDS, ROOT, panel_queries, read_yaml

GRID = 24  # columns


def read(file: Path) -> dict[str, Any]:
    dashboard: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return dashboard


def test_there_are_three() -> None:
    assert [read(file)["title"] for file in DASHBOARDS] == ["Explanations", "Jobs", "Latency"]
    assert len({read(file)["uid"] for file in DASHBOARDS}) == 3


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
def test_panels_do_not_overlap(file: Path) -> None:
    panels = read(file)["panels"]
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < GRID
    assert len({panel["id"] for panel in panels}) == len(panels)


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
def test_every_panel_asks_the_chosen_prometheus_something(file: Path) -> None:
    for panel in read(file)["panels"]:
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["targets"]
        assert panel["title"]
    (variable,) = read(file)["templating"]["list"]
    assert (variable["name"], variable["type"], variable["query"]) == ("datasource", "datasource", "prometheus")


def test_latency_has_what_its_name_promises() -> None:
    expressions = [query.expression for query in panel_queries() if query.place.startswith("latency")]
    for name in ("labn:stage_seconds:p50", "labn:stage_seconds:p95", "labn:stage_seconds:p99"):
        assert name in expressions
    (latency,) = [file for file in DASHBOARDS if file.stem == "latency"]
    assert "heatmap" in {panel["type"] for panel in read(latency)["panels"]}


def test_grafana_finds_them() -> None:
    provisioning = ROOT / "deploy" / "grafana" / "provisioning"
    (source,) = read_yaml(provisioning / "datasources" / "prometheus.yml")["datasources"]
    assert (source["type"], source["url"]) == ("prometheus", "http://prometheus:9090")
    (provider,) = read_yaml(provisioning / "dashboards" / "labn.yml")["providers"]
    assert provider["options"]["path"] == "/var/lib/grafana/dashboards"

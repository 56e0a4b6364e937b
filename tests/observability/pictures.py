"""`python -m tests.observability.pictures [MINUTES]`: the dashboards' own queries on a real run, drawn like them.

There is no Grafana in it: the layout, the titles and the expressions are those of the JSON, the colours are not.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.observability.load import Load
from tests.observability.monitoring import Monitoring, Series
from tests.observability.photographs import photograph
from tests.observability.shipped import DASHBOARDS, ROOT
from tests.observability.stack import Stack

COLUMNS, ROW_INCHES, WIDTH_INCHES = 24, 0.34, 13.0
LEFT, RIGHT, BELOW, ABOVE = 1.1, 0.2, 1.3, 1.0  # of cells: what is left to ticks, labels and titles
POINTS = 120
FORMATS = {"percentunit": "{:.1%}", "s": "{:.3g} s", "bytes": "{:.3g} B", "reqps": "{:.2f}/s", "ops": "{:.2f}/s"}


def draw(dashboard: Path, monitoring: Monitoring, file: Path, *, span_s: float) -> list[str]:
    """Draw a dashboard as it is now; return the panels that have no data."""
    panels = json.loads(dashboard.read_text(encoding="utf-8"))["panels"]
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)
    empty = []
    with mpl.rc_context({"font.size": 7, "axes.titlesize": 8, "axes.grid": True, "grid.alpha": 0.3}):
        figure = Figure(figsize=(WIDTH_INCHES, rows * ROW_INCHES))
        for panel in panels:
            axes = figure.add_axes(_place(panel["gridPos"], rows))
            if not _draw_panel(axes, panel, monitoring, span_s):
                empty.append(panel["title"])
        figure.savefig(file, dpi=80)
    return empty


def _place(cells: dict[str, int], rows: int) -> tuple[float, float, float, float]:
    """Return left, bottom, width and height of a panel's axes: its cells, less the room that its texts take."""
    left, bottom = cells["x"] + LEFT, rows - cells["y"] - cells["h"] + BELOW
    width, height = cells["w"] - LEFT - RIGHT, cells["h"] - BELOW - ABOVE
    return left / COLUMNS, bottom / rows, width / COLUMNS, height / rows


def _draw_panel(axes: Axes, panel: dict[str, Any], monitoring: Monitoring, span_s: float) -> bool:
    axes.set_title(panel["title"], loc="left", fontweight="bold")
    end_s = time.time()
    found = [
        (target["legendFormat"], monitoring.query_range(target["expr"], end_s - span_s, end_s, span_s / POINTS))
        for target in panel["targets"]
    ]
    unit = panel["fieldConfig"]["defaults"]["unit"]
    if panel["type"] == "stat":
        _draw_number(axes, found[0][1], unit)
    elif panel["type"] == "heatmap":
        _draw_heatmap(axes, found[0][1], end_s - span_s, end_s)
    elif panel["type"] == "table":
        _draw_table(axes, found[0][1])
    else:
        for legend, series in found:
            _draw_lines(axes, series, legend, end_s)
        axes.set_xlabel("minutes ago" if unit == "short" else f"minutes ago; {unit}")
        if 0 < len(axes.lines) <= 8:
            axes.legend(fontsize=6, loc="upper left")
    return any(series for _, series in found)


def _draw_number(axes: Axes, series: Series, unit: str) -> None:
    axes.axis("off")
    value = float(series[0]["values"][-1][1]) if series else float("nan")
    text = FORMATS.get(unit, "{:.3g}").format(value)
    axes.text(0.5, 0.45, text, ha="center", va="center", fontsize=20, transform=axes.transAxes)


def _draw_lines(axes: Axes, series: Series, legend: str, end_s: float) -> None:
    for one in series:
        points = np.array(one["values"], dtype=float)  # (N, 2): seconds, value
        label = legend
        for name, value in one["metric"].items():
            label = label.replace(f"{{{{{name}}}}}", value)
        axes.plot((points[:, 0] - end_s) / 60, points[:, 1], label=label, linewidth=1)


def _draw_heatmap(axes: Axes, series: Series, start_s: float, end_s: float) -> None:
    edges = sorted(series, key=lambda one: float(one["metric"]["le"]))
    if not edges:
        return
    steps = sorted({at for one in edges for at, _ in one["values"]})
    table = np.zeros((len(edges), len(steps)))
    for row, one in enumerate(edges):
        for at, value in one["values"]:
            table[row, steps.index(at)] = float(value)
    table = np.diff(table, axis=0, prepend=0)  # Prometheus' buckets hold all below them
    extent = ((steps[0] - end_s) / 60, 0.0, -0.5, len(edges) - 0.5)
    axes.imshow(table, aspect="auto", origin="lower", extent=extent, cmap="Blues", interpolation="nearest")
    axes.set_xlim((start_s - end_s) / 60, 0)
    axes.set_yticks(range(len(edges)), [one["metric"]["le"] for one in edges], fontsize=5)
    axes.grid(visible=False)


def _draw_table(axes: Axes, series: Series) -> None:
    axes.axis("off")
    names = ("name", "version", "preset")
    rows = [[one["metric"].get(name, "") for name in names] for one in series]
    axes.table(rows or [["", "", ""]], colLabels=names, loc="upper center")


def main(minutes: float) -> None:
    """Run the shipped model under a load for so long, and draw."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder), ROOT / "checkpoints" / "labn-idrid.safetensors") as stack,
    ):
        load, ends = Load(stack.url, photograph), time.monotonic() + minutes * 60
        while time.monotonic() < ends:
            load.run_round(methods="attention,grad_cam,random")
            time.sleep(5)
        for dashboard in DASHBOARDS:
            file = ROOT / "docs" / "images" / f"dashboard-{dashboard.stem}.png"
            print(file, draw(dashboard, stack.monitoring, file, span_s=minutes * 60) or "")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0)

"""`python -m tests.observability.pictures [MINUTES]`: the dashboards' own queries on a real run, drawn like them.

There is no Grafana in it: the layout, the titles and the expressions are those of the JSON, the colours are not.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from tests.observability.load import Load
from tests.observability.monitoring import Monitoring
from tests.observability.panels import Answer, draw_panel
from tests.observability.photographs import photograph
from tests.observability.shipped import DASHBOARDS, ROOT
from tests.observability.stack import Stack

COLUMNS, ROW_INCHES, WIDTH_INCHES, DPI = 24, 0.36, 13.5, 90
LEFT, RIGHT, BELOW, ABOVE = 1.3, 0.4, 2.1, 1.1  # of cells: what is left to ticks, legends and titles
POINTS = 120
COLOURS = 256  # of the file's palette
PAUSE_S = 1.0
FAST_S = "1.0"  # what is promised here: a CPU, and one that may have other work
QUICK = {"methods": "attention,grad_cam,random", "patch_sizes": "32", "step": "7", "random_orders": "0"}
STYLE = {
    "font.size": 8, "axes.titlesize": 9, "legend.fontsize": 7, "xtick.labelsize": 7, "ytick.labelsize": 7,
    "axes.grid": True, "grid.alpha": 0.3, "axes.spines.top": False, "axes.spines.right": False,
}  # fmt: skip


def draw(dashboard: Path, monitoring: Monitoring, file: Path, *, span_s: float) -> list[str]:
    """Draw a dashboard as it is now; return the panels that have no data."""
    panels = json.loads(dashboard.read_text(encoding="utf-8"))["panels"]
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)
    end_s = time.time()
    empty = []
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_INCHES, rows * ROW_INCHES))
        for panel in panels:
            answers = _ask(panel, monitoring, end_s - span_s, end_s)
            if not any(answer.series for answer in answers):
                empty.append(panel["title"])
            draw_panel(_place(figure, panel, rows), panel, answers, end_s - span_s, end_s)
        _save(figure, file)
    return empty


def _ask(panel: dict[str, Any], monitoring: Monitoring, start_s: float, end_s: float) -> list[Answer]:
    step_s = (end_s - start_s) / POINTS
    return [
        Answer(target["legendFormat"], monitoring.query_range(target["expr"], start_s, end_s, step_s))
        for target in panel["targets"]
    ]


def _place(figure: Figure, panel: dict[str, Any], rows: int) -> Axes:
    """Add a panel's axes: in its cells, less the room that its texts take, which a number does not need."""
    cells, below = panel["gridPos"], 0.3 if panel["type"] == "stat" else BELOW
    left, bottom = cells["x"] + LEFT, rows - cells["y"] - cells["h"] + below
    width, height = cells["w"] - LEFT - RIGHT, cells["h"] - below - ABOVE
    axes = figure.add_axes((left / COLUMNS, bottom / rows, width / COLUMNS, height / rows))
    axes.set_title(panel["title"], loc="left", fontweight="bold")
    return axes


def _save(figure: Figure, file: Path) -> None:
    """Write it with few colours: a third of the size."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=DPI)
    Image.open(drawn).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


def main(minutes: float) -> None:
    """Run the shipped model under a load for so long, and draw."""
    model = ROOT / "checkpoints" / "labn-idrid.safetensors"
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder), model, fast_s=FAST_S) as stack:
        load, ends = Load(stack.url, photograph), time.monotonic() + minutes * 60
        jobs: list[str] = []
        while time.monotonic() < ends:
            if all(map(load.is_ended, jobs)):
                jobs = load.run_round(**QUICK)
            load.glance()
            time.sleep(PAUSE_S)
        for dashboard in DASHBOARDS:
            file = ROOT / "docs" / "images" / f"dashboard-{dashboard.stem}.png"
            print(file, draw(dashboard, stack.monitoring, file, span_s=minutes * 60) or "")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0)

"""Panels of a dashboard, drawn by matplotlib from what a Prometheus answered."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MultipleLocator

from tests.observability.monitoring import Series

COLOURS = {"green": "#2f8f3e", "orange": "#d9730d", "red": "#c4162a"}
BINARY = ("B", "KiB", "MiB", "GiB", "TiB")
BYTES_TICKS = 3  # at least
EDGES_SHOWN = 10  # of a heatmap's
CHARACTER = 0.0043  # of the picture's width; with a legend's other parts
KEY = 6  # characters that the line before a legend's text takes


class Answer(NamedTuple):
    """What one query of a panel brought."""

    legend: str  # with {{label}} for what a series has
    series: Series


def in_unit(value: float, unit: str) -> str:
    """Write a value as Grafana does in one of its units."""
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    if unit == "s":
        return f"{value * 1000:.3g} ms" if 0 < abs(value) < 1 else f"{value:.3g} s"
    if unit == "bytes":
        power = min(int(np.log2(max(value, 1)) // 10), len(BINARY) - 1)
        return f"{value / 1024**power:.3g} {BINARY[power]}"
    return f"{value:.3g}" + ("/s" if unit in ("reqps", "ops") else "")


def draw_panel(axes: Axes, panel: dict[str, Any], answers: list[Answer], start_s: float, end_s: float) -> None:
    """Draw what was found from `start_s` to `end_s`, seconds since 1970, as the panel's type wants it."""
    defaults = panel["fieldConfig"]["defaults"]
    if panel["type"] == "table":
        _draw_table(axes, answers[0].series)
        return
    axes.set_xlim((start_s - end_s) / 60, 0)  # minutes
    axes.xaxis.set_major_formatter(FuncFormatter(lambda minutes, _: f"{minutes:.0f} min" if minutes else "now"))
    if panel["type"] == "stat":
        _draw_number(axes, answers[0].series, defaults, end_s)
    elif panel["type"] == "heatmap":
        _draw_heatmap(axes, answers[0].series, panel["options"]["yAxis"].get("unit", "short"), end_s)
    else:
        _draw_lines(axes, answers, defaults, end_s)


def _draw_number(axes: Axes, series: Series, defaults: dict[str, Any], end_s: float) -> None:
    axes.axis("off")
    if not series:
        axes.text(0.5, 0.5, "no data", color="grey", ha="center", va="center", transform=axes.transAxes)
        return
    minutes, values = _points(series[0], end_s)
    colour = "black"
    for step in defaults.get("thresholds", {}).get("steps", []):
        if step["value"] is None or values[-1] >= step["value"]:
            colour = COLOURS[step["color"]]
    axes.fill_between(minutes, values, min(0.0, values.min()), color=colour, alpha=0.12, linewidth=0)
    text = in_unit(values[-1], defaults["unit"])
    axes.text(0.5, 0.5, text, color=colour, ha="center", va="center", fontsize=20, transform=axes.transAxes)


def _draw_lines(axes: Axes, answers: list[Answer], defaults: dict[str, Any], end_s: float) -> None:
    lines = [(_label(legend, one["metric"]), *_points(one, end_s)) for legend, found in answers for one in found]
    if "stacking" in defaults["custom"] and lines:
        _stack(axes, lines)
    else:
        for label, minutes, values in lines:
            axes.plot(minutes, values, label=label, linewidth=1.2)
    lowest, highest = axes.get_ylim()
    if all((values == 0).all() for _, _, values in lines):
        lowest, highest = 0.0, 1.0
    axes.set_ylim(defaults.get("min", lowest), defaults.get("max", highest))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: in_unit(value, defaults["unit"])))
    if defaults["unit"] == "bytes":
        axes.yaxis.set_major_locator(MultipleLocator(2.0 ** int(np.log2(highest / BYTES_TICKS))))
    if lines:
        widest = (max(len(label) for label, _, _ in lines) + KEY) * CHARACTER
        columns = max(1, int(axes.get_position().width / widest))
        axes.legend(
            loc="upper left", bbox_to_anchor=(0, -0.12), ncol=columns, frameon=False, borderaxespad=0,
            handlelength=1.5, columnspacing=1.5,
        )  # fmt: skip


def _stack(axes: Axes, lines: list[tuple[str, np.ndarray, np.ndarray]]) -> None:
    """Draw one on the other; where one has no value yet it adds nothing."""
    minutes = np.unique(np.concatenate([times for _, times, _ in lines]))
    values = [np.interp(minutes, times, values, left=0) for _, times, values in lines]
    axes.stackplot(minutes, *values, labels=[label for label, _, _ in lines], alpha=0.6)


def _draw_heatmap(axes: Axes, series: Series, unit: str, end_s: float) -> None:
    edges = sorted(series, key=lambda one: float(one["metric"]["le"]))
    if not edges:
        return
    steps = sorted({at for one in edges for at, _ in one["values"]})
    table = np.zeros((len(edges), len(steps)))
    for row, one in enumerate(edges):
        for at, value in one["values"]:
            table[row, steps.index(at)] = float(value)
    table = np.diff(table, axis=0, prepend=0)  # Prometheus' buckets hold all below them
    limits = axes.get_xlim()
    extent = ((steps[0] - end_s) / 60, (steps[-1] - end_s) / 60, -0.5, len(edges) - 0.5)
    axes.imshow(table, aspect="auto", origin="lower", extent=extent, cmap="Blues", interpolation="nearest")
    axes.set_xlim(limits)
    shown = range(0, len(edges), -(-len(edges) // EDGES_SHOWN))
    axes.set_yticks(shown, [_edge(edges[row]["metric"]["le"], unit) for row in shown])
    axes.grid(visible=False)


def _draw_table(axes: Axes, series: Series) -> None:
    axes.axis("off")
    names = ("name", "version", "preset")
    rows = [[one["metric"].get(name, "") for name in names] for one in series]
    table = axes.table(
        rows or [["", "", ""]], colLabels=names, loc="upper left", cellLoc="left", edges="horizontal"
    )
    table.scale(1, 1.6)


def _points(one: dict[str, Any], end_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Return minutes before the end, and values."""
    points = np.array(one["values"], dtype=float)  # (N, 2): seconds, value
    return (points[:, 0] - end_s) / 60, points[:, 1]


def _label(legend: str, metric: dict[str, str]) -> str:
    for name, value in metric.items():
        legend = legend.replace(f"{{{{{name}}}}}", value)
    return legend


def _edge(le: str, unit: str) -> str:
    return "above" if le == "+Inf" else in_unit(float(le), unit)

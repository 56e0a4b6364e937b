"""Names of methods and formats of figures in tables and plots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from model.evaluation.tables.comparison import p_value_text
from training.experiments.page.blocks import Cell

TITLES = {  # order of the paper's Table 2, then the others
    "rise": "RISE",
    "lambda_attention": "Lambda attention",
    "attention": "LABN",
    "grad_cam": "Grad-CAM",
    "random": "random map",
    "edges": "edges of the image",
}
COLOURS = {
    "rise": "#1d5fbf",
    "lambda_attention": "#177245",
    "attention": "#c2410c",
    "grad_cam": "#8d2fb0",
    "random": "#7d8a97",
    "edges": "#a1224f",
}


def in_order(methods: Iterable[str]) -> list[str]:
    """Return methods in the order of TITLES."""
    return sorted(set(methods), key=list(TITLES).index)


def spread_text(mean: float, sd: float | None) -> str:
    """Return a mean, with its standard deviation if there is one."""
    return f"{mean:.3f}" if sd is None else f"{mean:.3f} ± {sd:.3f}"


def interval_text(row: Mapping[str, Any]) -> str:
    """Return the interval of a row; empty if it has none."""
    return "" if row["low"] is None else f"[{row['low']:.3f}, {row['high']:.3f}]"


def score_cell(row: Mapping[str, Any]) -> Cell:
    """Return a row of `rows_over_runs` as a cell."""
    return Cell(spread_text(row["pid"], row["sd"]), interval_text(row), void=not row["counts"])


def difference_cell(row: Mapping[str, Any]) -> Cell:
    """Return a paired difference as a cell, with interval and p-value."""
    return Cell(f"{row['difference']:+.3f}", f"{interval_text(row)} {p_value_text(row['p_holm'])}".lstrip())

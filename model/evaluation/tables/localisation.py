"""Localisation table: agreement of a set's maps with its masks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.evaluation.tables.rows import csv_text, markdown_table, with_interval
from model.evaluation.tables.scores import LEVEL, Document, Rows, ends_of
from model.metrics.statistics import mean_interval

CHANCE = {"pointing_game": "pointing_chance", "energy_inside": "mask_share", "average_precision": "mask_share"}
FIGURES = tuple(CHANCE)
COLUMNS = ("method", "figure", "images", "value", "low", "high", "chance")


def localisation_rows(documents: Sequence[Document]) -> Rows:
    """Return one row per method and figure, with the keys COLUMNS: means over images with a mask."""
    found: dict[str, list[Document]] = {}
    for document in documents:
        for name, method in document["methods"].items():
            if method["localisation"]:
                found.setdefault(name, []).append(method["localisation"])
    return [_row(method, figure, of_images) for method, of_images in found.items() for figure in FIGURES]


def localisation_csv(rows: Rows) -> str:
    """Return the rows as CSV."""
    return csv_text(COLUMNS, rows)


def localisation_markdown(rows: Rows) -> str:
    """Return a table: one row per method, one column per figure; empty if no image has a mask."""
    if not rows:
        return ""
    cells = {(row["method"], row["figure"]): with_interval(row, "value") for row in rows}
    methods = dict.fromkeys(row["method"] for row in rows)
    table = markdown_table(
        ["localisation", *FIGURES],
        [
            *([name, *(cells[name, figure] for figure in FIGURES)] for name in methods),
            ["chance", *(f"{row['chance']:.3f}" for row in rows[: len(FIGURES)])],
        ],
    )
    return (
        f"Means over the images with a mask (n = {rows[0]['images']}) and their 95 % bootstrap intervals; the "
        f"last row is what a map that knows nothing scores.\n\n{table}"
    )


def _row(method: str, figure: str, of_images: Sequence[Document]) -> dict[str, object]:
    mean = mean_interval([found[figure] for found in of_images], level=LEVEL)
    chance = float(np.mean([found[CHANCE[figure]] for found in of_images]))
    of_row = {"method": method, "figure": figure, "images": len(of_images), "chance": chance}
    return {**of_row, "value": mean.value, **ends_of(mean, len(of_images))}

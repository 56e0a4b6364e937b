"""Plot of PID over the patch size, one line per method."""

from __future__ import annotations

from pathlib import Path

from model.evaluation.tables.scores import Rows

DPI = 110
BESIDE = 0.05  # of the distance between two patch sizes: intervals of two methods do not hide each other


def draw_over_sizes(rows: Rows, path: Path) -> None:
    """Write a PNG of the rows of `table_rows`: means with their intervals, and the random band of one image."""
    from matplotlib.figure import Figure  # not needed, and not imported, wherever nothing is drawn

    figure = Figure(figsize=(8.0, 4.4), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    sizes = list(dict.fromkeys(row["patch_size"] for row in rows))
    methods = list(dict.fromkeys(row["method"] for row in rows))
    for number, method in enumerate(methods):
        of_method = [row for row in rows if row["method"] == method]
        places = [sizes.index(row["patch_size"]) + BESIDE * (number - (len(methods) - 1) / 2) for row in of_method]
        means = [row["pid"] for row in of_method]
        axes.errorbar(
            places, means, interval_reach(of_method), color=f"C{number}", marker="o", ms=4, capsize=2, label=method
        )
    banded = [row for row in rows if row["band_low"] is not None and row["method"] == methods[0]]
    if banded:
        places = [sizes.index(row["patch_size"]) for row in banded]
        low, high = ([row[name] for row in banded] for name in ("band_low", "band_high"))
        axes.fill_between(places, low, high, color="0.85", zorder=0, label="random orders, 95 % of one image's")
    axes.axhline(0, color="0.5", lw=0.8)
    axes.set_xticks(range(len(sizes)), [f"{m}" for m in sizes])
    axes.set_xlabel("patch size m, px")
    axes.set_ylabel(f'PID, protocol "{rows[0]["protocol"]}", mean of {rows[0]["images"]} images')
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1))
    figure.savefig(path, format="png")


def interval_reach(rows: Rows) -> list[list[float]]:
    """Return the distances from the means to the interval ends; 0 if a mean over runs lies outside."""
    return [
        [0.0 if row["low"] is None else max(0.0, row["pid"] - row["low"]) for row in rows],
        [0.0 if row["high"] is None else max(0.0, row["high"] - row["pid"]) for row in rows],
    ]

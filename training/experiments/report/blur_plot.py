"""Plot of the effect of blurring maps (section 4.4)."""

from __future__ import annotations

import io

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from model.evaluation.tables.scores import Rows
from training.experiments.page.blocks import Picture

DPI = 130
MAP_TITLES = {"attention": "LABN's attention", "gradient": "the logit's gradient"}
COLOURS = {"attention": "#c2410c", "gradient": "#1d5fbf"}


def blur_plot(rows: Rows) -> Picture:
    """Draw insertion and deletion of each map by patch size, and the gain in PID."""
    names = list(dict.fromkeys(row["map"] for row in rows))
    figure = Figure(figsize=(4.0 * (len(names) + 1), 3.6), dpi=DPI, layout="constrained")
    panels = figure.subplots(1, len(names) + 1)
    for axes, name in zip(panels, names, strict=False):
        _areas(axes, [row for row in rows if row["map"] == name], name)
    _gains(panels[-1], rows, names)
    for axes in panels:
        _sizes(axes, rows)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    caption = (
        "Areas under insertion (solid) and deletion (dashed) of maps and of their blurred copies, and the gain in "
        "PID by the blur, with 95 % intervals over images."
    )
    return Picture("blur", file.getvalue(), caption)


def _areas(axes: Axes, rows: Rows, name: str) -> None:
    places = range(len(rows))
    for which, colour in (("fine", COLOURS[name]), ("blurred", "0.45")):
        for figure, style in (("insertion", "-"), ("deletion", "--")):
            values = [row[f"{which}_{figure}"] for row in rows]
            axes.plot(places, values, style, color=colour, marker="o", ms=4, label=f"{figure}, {which}")
    axes.set_ylim(0, 1)
    axes.set_title(MAP_TITLES[name], fontsize=10)
    axes.set_ylabel("area under the curve")
    axes.legend(fontsize=7, frameon=False)


def _gains(axes: Axes, rows: Rows, names: list[str]) -> None:
    for number, name in enumerate(names):
        own = [row for row in rows if row["map"] == name]
        gains = [row["gain"] for row in own]
        reach = [
            [0.0 if row["low"] is None else row["gain"] - row["low"] for row in own],
            [0.0 if row["high"] is None else row["high"] - row["gain"] for row in own],
        ]
        places = [place + 0.06 * number for place in range(len(own))]
        axes.errorbar(
            places, gains, reach, color=COLOURS[name], marker="o", ms=4, capsize=2, label=MAP_TITLES[name]
        )
    axes.axhline(0, color="0.6", lw=0.8, zorder=0)
    axes.set_title("gain by the blur", fontsize=10)
    axes.set_ylabel("gain in PID")
    axes.legend(fontsize=7, frameon=False)


def _sizes(axes: Axes, rows: Rows) -> None:
    sizes = list(dict.fromkeys(row["patch_size"] for row in rows))
    axes.set_xticks(range(len(sizes)), [f"{m}" for m in sizes])
    axes.set_xlabel("patch size m, px")
    axes.grid(axis="y", alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)

"""Plot of PID by patch size, ours and the paper's."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from model.evaluation.figures.patch_sizes import interval_reach
from training.experiments.page.blocks import Picture
from training.experiments.page.words import COLOURS, TITLES, in_order
from training.experiments.published_results import PublishedScores

DPI = 130
PAPER = ", paper"
BESIDE = 0.04  # horizontal offset between methods, so that intervals do not overlap


def size_plot(protocols: Mapping[str, Mapping[str, Any]], published: PublishedScores | None) -> Picture:
    """Draw one panel per protocol: means with intervals over images; the paper's means hollow and dashed."""
    figure = Figure(figsize=(1.6 + 4.6 * len(protocols), 4.2), dpi=DPI, layout="constrained")
    panels = figure.subplots(1, len(protocols), sharey=True, squeeze=False)[0]
    for axes, (protocol, document) in zip(panels, protocols.items(), strict=True):
        _panel(axes, document, published)
        axes.set_title(f'protocol "{protocol}"', fontsize=10)
    panels[0].set_ylabel("PID")
    found = dict(zip(*reversed(panels[0].get_legend_handles_labels()), strict=True))
    ours, papers = ([label for label in found if (PAPER in label) == of_paper] for of_paper in (False, True))
    labels = sorted(ours, key=list(TITLES.values()).index) + papers
    figure.legend([found[label] for label in labels], labels, loc="outside lower center", ncols=4, fontsize=8)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    caption = "PID by patch size with 95 % intervals over images; dotted: a constant map"
    beside = f"; hollow and dashed, the paper's means ({published.source})" if published else ""
    return Picture("pid-over-m", file.getvalue(), f"{caption}{beside}.")


def _panel(axes: Axes, document: Mapping[str, Any], published: PublishedScores | None) -> None:
    rows = document["rows"]
    sizes = list(dict.fromkeys(row["patch_size"] for row in rows))
    methods = in_order(row["method"] for row in rows)
    for number, method in enumerate(methods):
        offset = BESIDE * (number - (len(methods) - 1) / 2)
        own = [row for row in rows if row["method"] == method]
        means = [row["pid"] for row in own]
        places = [place + offset for place in range(len(sizes))]
        style: dict[str, Any] = {"color": COLOURS[method], "marker": "o", "ms": 4}
        axes.errorbar(places, means, interval_reach(own), lw=1.6, capsize=2, label=TITLES[method], **style)
        if published and method in published.means:
            found = [(place, published.mean(method, m)) for place, m in zip(places, sizes, strict=True)]
            shown = [(place, mean) for place, mean in found if mean is not None]
            label = f"{TITLES[method]}{PAPER}"
            axes.plot(*zip(*shown, strict=True), ls="--", lw=1, mfc="white", alpha=0.8, label=label, **style)
    axes.axhline(document["constant"], color="0.35", lw=1, ls=":")
    axes.axhline(0, color="0.6", lw=0.8, zorder=0)
    axes.set_xticks(range(len(sizes)), [f"{m}" for m in sizes])
    axes.set_xlabel("patch size m, px")
    axes.grid(axis="y", alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)

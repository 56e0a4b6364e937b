"""Classification figures of one or more runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from training.experiments.page.blocks import Cell, Line, Section, Table
from training.experiments.page.words import interval_text, spread_text
from training.scoring.over_runs import spread

NAMES = {
    "auroc": "AUROC",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "true_skill_statistic": "true skill statistic",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
}


def figures_section(runs: Sequence[Mapping[str, Any]]) -> Section:
    """Return the figures at a threshold of 0.5, one row per run, and the mean of several runs."""
    lines = [
        Line([Cell(run["name"]), _images(run), *(_cell(run["figures"][name]) for name in NAMES), Cell(_brier(run))])
        for run in runs
    ]
    if len(runs) > 1:
        values = [[run["figures"][name]["value"] for run in runs] for name in NAMES]
        brier = [run["figures"]["calibration"]["brier"] for run in runs]
        means = (Cell(spread_text(*spread(each))) for each in (*values, brier))
        lines.insert(0, Line([Cell("mean ± sd"), Cell(""), *means]))
    split = runs[0]["figures"]["split"]
    caption = f"{split} split, at a threshold of 0.5, with 95 % bootstrap intervals within classes"
    columns = ["run", "images (positives)", *NAMES.values(), "Brier score"]
    return Section("Classification", [Table(caption, columns, lines)])


def _images(run: Mapping[str, Any]) -> Cell:
    return Cell(f"{run['figures']['images']} ({run['figures']['positives']})")


def _cell(figure: Mapping[str, float]) -> Cell:
    return Cell(f"{figure['value']:.3f}", interval_text(figure))


def _brier(run: Mapping[str, Any]) -> str:
    return f"{run['figures']['calibration']['brier']:.3f}"

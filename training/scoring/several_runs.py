"""Runs of one recipe that differ only in seed or fold: table of their best epochs, mean and standard deviation."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, get_args

from model.runtime.atomic_file import write_whole
from training.fit.state import EpochRecord
from training.recipe import Recipe
from training.scoring.over_runs import spread

Kind = Literal["seed", "fold"]
LEFT_OUT = ("epoch", "learning_rate", "seconds")


def recipes(first: Recipe, *, seeds: int = 1, folds: int = 0) -> tuple[Kind, dict[int, Recipe]]:
    """Return the recipes of several runs by number: one for each fold, or for each seed from the first's on."""
    if folds:
        return "fold", {fold: first.with_fold(fold, folds) for fold in range(folds)}
    return "seed", {seed: first.with_seed(seed) for seed in range(first.seed, first.seed + seeds)}


def write_runs(out: Path, kind: Kind, best: Mapping[int, EpochRecord]) -> dict[str, dict[str, float]]:
    """Write seeds.csv or folds.csv, each run's best epoch, and the same as .json, their mean and sd.

    Returns:
        The latter.
    """
    out.mkdir(parents=True, exist_ok=True)
    rows = [{kind: number, **asdict(record)} for number, record in best.items()]
    table = io.StringIO()
    writer = csv.DictWriter(table, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    figures = mean_and_sd(rows)
    write_whole(out / f"{kind}s.csv", table.getvalue().encode())
    write_whole(out / f"{kind}s.json", json.dumps({f"{kind}s": list(best), "figures": figures}, indent=2).encode())
    return figures


def mean_and_sd(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Return {figure: {mean, sd}}, the sd that of a sample; figures that a row lacks are left out."""
    names = [name for name in rows[0] if name not in (*get_args(Kind), *LEFT_OUT)]
    columns = {name: [row[name] for row in rows] for name in names}
    spreads = {name: spread(values) for name, values in columns.items() if None not in values}
    return {name: {"mean": mean, "sd": sd or 0.0} for name, (mean, sd) in spreads.items()}

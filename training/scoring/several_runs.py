"""Several runs that differ in their seed or their fold alone: mean and standard deviation of what came out."""

from __future__ import annotations

import csv
import io
import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal, get_args

from model.runtime.atomic_file import write_whole
from training.config import TrainingConfig
from training.fit.state import EpochRecord

Kind = Literal["seed", "fold"]
LEFT_OUT = ("epoch", "learning_rate", "seconds")


def configurations(
    first: TrainingConfig, *, seeds: int = 1, folds: int = 0
) -> tuple[Kind, dict[int, TrainingConfig]]:
    """Return the runs by number: one a fold, or one a seed from the first's on."""
    if folds:
        data = {fold: replace(first.data, folds=folds, fold=fold) for fold in range(folds)}
        return "fold", {fold: replace(first, data=of_fold) for fold, of_fold in data.items()}
    runs = {seed: replace(first.run, seed=seed) for seed in range(first.run.seed, first.run.seed + seeds)}
    return "seed", {seed: replace(first, run=of_seed) for seed, of_seed in runs.items()}


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
    return {
        name: {"mean": statistics.fmean(values), "sd": statistics.stdev(values) if len(values) > 1 else 0.0}
        for name, values in columns.items()
        if None not in values
    }

"""Several runs that differ in their seed alone: mean and standard deviation of what came out."""

from __future__ import annotations

import csv
import io
import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from model.whole_file import write_whole
from training.state import EpochRecord

LEFT_OUT = ("epoch", "learning_rate", "seconds")


def write_seeds(out: Path, best: Mapping[int, EpochRecord]) -> dict[str, dict[str, float]]:
    """Write seeds.csv, each seed's best epoch, and seeds.json, their mean and sd; returns the latter."""
    out.mkdir(parents=True, exist_ok=True)
    rows = [{"seed": seed, **asdict(record)} for seed, record in best.items()]
    table = io.StringIO()
    writer = csv.DictWriter(table, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    figures = mean_and_sd(rows)
    write_whole(out / "seeds.csv", table.getvalue().encode())
    write_whole(out / "seeds.json", json.dumps({"seeds": list(best), "figures": figures}, indent=2).encode())
    return figures


def mean_and_sd(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Return {figure: {mean, sd}}, the sd that of a sample; figures that a row lacks are left out."""
    names = [name for name in rows[0] if name not in ("seed", *LEFT_OUT)]
    columns = {name: [row[name] for row in rows] for name in names}
    return {
        name: {"mean": statistics.fmean(values), "sd": statistics.stdev(values) if len(values) > 1 else 0.0}
        for name, values in columns.items()
        if None not in values
    }

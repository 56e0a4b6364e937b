"""`python -m training train` as a process of its own, and what a run leaves."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def start_training(config: Path, *, data: Path, out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "training", "train", str(config), "--data", str(data), "--out", str(out)]
    return subprocess.Popen(command, cwd=REPOSITORY, env=environment(), stderr=subprocess.PIPE, text=True)


def environment() -> dict[str, str]:
    """One thread a process: on tiny networks more only wait for one another."""
    return {**os.environ, "OMP_NUM_THREADS": "1"}


def wait_for_epoch(process: subprocess.Popen[str], out: Path, epoch: int) -> None:
    """Wait until metrics.csv holds the epoch; a run that ended before is a failure."""
    while len(metrics(out)) < epoch:
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.005)


def metrics(out: Path) -> list[dict[str, str]]:
    """The lines of metrics.csv but for the seconds; none before it is there."""
    path = out / "metrics.csv"
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [{name: cell for name, cell in line.items() if name != "seconds"} for line in csv.DictReader(file)]

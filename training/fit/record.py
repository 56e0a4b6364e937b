"""Records of a run: metrics.csv and curves.png."""

from __future__ import annotations

import csv
import io
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import matplotlib

from model.runtime.atomic_file import write_whole
from training.fit.state import EpochRecord

matplotlib.use("Agg")
from matplotlib import pyplot as plt


def write_record(out: Path, history: Sequence[EpochRecord], *, picture: bool = False) -> None:
    """Write metrics.csv and, with `picture`, curves.png."""
    if not history:
        return
    table = io.StringIO()
    writer = csv.DictWriter(table, fieldnames=list(asdict(history[0])))
    writer.writeheader()
    writer.writerows(asdict(record) for record in history)
    write_whole(out / "metrics.csv", table.getvalue().encode())
    if picture:
        _draw(out / "curves.png", history)


def code_revision() -> str:
    """Return the commit of the running code, with "+" if files differ from it; "unknown" outside git."""
    here = Path(__file__).parent
    try:
        command = ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
        return subprocess.run(command, cwd=here, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _draw(path: Path, history: Sequence[EpochRecord]) -> None:
    epochs = [record.epoch for record in history]
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    left.plot(epochs, [record.train_loss for record in history], label="training")
    left.plot(epochs, [record.validation_loss for record in history], label="validation")
    left.set(xlabel="epoch", ylabel="loss, eq. (6)")
    right.plot(epochs, [record.validation_auroc for record in history], label="AUROC")
    right.plot(epochs, [record.validation_accuracy for record in history], label="accuracy")
    right.plot(epochs, [record.attention_coverage for record in history], label="attention over θ", alpha=0.6)
    right.set(xlabel="epoch", ylabel="validation", ylim=(0, 1))
    for axes in (left, right):
        axes.legend(frameon=False)
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=110)
    plt.close(figure)

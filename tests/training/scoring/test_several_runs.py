"""Runs that differ in their seed or their fold alone."""

from __future__ import annotations

import csv
import json
import statistics
from pathlib import Path

import pytest

from tests.training.runs import metrics
from tests.training.test_command import write_toml
from training.__main__ import main
from training.scoring.several_runs import mean_and_sd


def test_seeds_give_their_mean_and_sd(
    alike_classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, out = write_toml(tmp_path / "short.toml", run={"epochs": 2}), tmp_path / "out"
    command = ["train", str(config), "--data", str(alike_classes), "--out", str(out), "--seed", "3", "--seeds", "2"]
    assert main(command) == 0
    best = [min(metrics(out / f"seed{seed}"), key=lambda line: float(line["validation_loss"])) for seed in (3, 4)]
    losses = [float(line["validation_loss"]) for line in best]
    summary = json.loads((out / "seeds.json").read_text())
    assert summary["seeds"] == [3, 4]
    assert losses[0] != losses[1]
    assert summary["figures"]["validation_loss"] == pytest.approx(
        {"mean": sum(losses) / 2, "sd": statistics.stdev(losses)}
    )
    with (out / "seeds.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    assert [(row["seed"], float(row["validation_loss"])) for row in rows] == [("3", losses[0]), ("4", losses[1])]
    assert "validation_loss: " in capsys.readouterr().out


@pytest.mark.faults
def test_folds_validate_on_every_image_once_and_are_evaluated_together(
    alike_classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, out, pid = write_toml(tmp_path / "short.toml", run={"epochs": 1}), tmp_path / "out", tmp_path / "pid"
    assert main(["train", str(config), "--data", str(alike_classes), "--out", str(out), "--folds", "2"]) == 0
    summary = json.loads((out / "folds.json").read_text())
    assert summary["folds"] == [0, 1]
    capsys.readouterr()
    checkpoints = [str(out / f"fold{fold}" / "checkpoint.safetensors") for fold in (0, 1)]
    options = ["--classes", "all", "--methods", "random", "--patch-sizes", "16", "--out", str(pid)]
    assert main(["evaluate", *checkpoints, "--data", str(alike_classes), *options]) == 0
    evaluated = [json.loads(line)["path"] for line in capsys.readouterr().out.splitlines()]
    assert sorted(evaluated) == sorted(map(str, alike_classes.rglob("*.png")))
    with (pid / "table.csv").open(newline="") as table:
        assert [row["images"] for row in csv.DictReader(table)] == [str(len(evaluated))]
    versions = {json.loads(path.read_text())["provenance"]["checkpoint"] for path in pid.glob("part*/*.json")}
    assert len(versions) == 2
    assert all(version in (pid / "table.md").read_text() for version in versions)


def test_sd_is_that_of_a_sample_and_what_a_run_lacks_is_left_out() -> None:
    rows = [{"seed": seed, "epoch": 9, "loss": loss, "pid": None} for seed, loss in ((0, 1.0), (1, 3.0))]
    assert mean_and_sd(rows) == {"loss": {"mean": 2.0, "sd": pytest.approx(2**0.5)}}
    assert mean_and_sd(rows[:1]) == {"loss": {"mean": 1.0, "sd": 0.0}}

"""Two processes give the run of one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from model.checkpoint import load_checkpoint
from model.errors import ConfigurationError
from tests.training.folders import write_mask, write_table
from tests.training.runs import REPOSITORY, environment, metrics
from tests.training.test_command import write_toml
from training.__main__ import main
from training.fit.distributed import Processes

FIGURES = ("train_loss", "validation_loss", "attention_coverage", "learning_rate")


@pytest.fixture
def masked(two_classes: Path, tmp_path: Path) -> Path:
    """The two classes as a table, some with masks."""
    mask = write_mask(tmp_path / "mask.png")
    rows = [
        (str(path), path.parent.name, str(mask) if index % 3 else "")
        for index, path in enumerate(sorted(two_classes.rglob("*.png")))
    ]
    write_table(tmp_path / "masked", rows, header=("file", "label", "mask"))
    return tmp_path / "masked"


@pytest.mark.faults
def test_two_processes_give_the_losses_of_one(masked: Path, tmp_path: Path) -> None:
    config = write_toml(
        tmp_path / "run.toml",
        loss={"class_weights": [2.0, 1.0], "mask_weight": 1.0, "mask_kind": "dice_bce"},
        run={"epochs": 3, "batch_size": 7, "averaging": 0.5},  # 24 images: the last batch has 3
    )
    arguments = ["train", str(config), "--data", str(masked), "--out"]
    assert main([*arguments, str(tmp_path / "one")]) == 0
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [*torchrun, "-m", "training", *arguments, str(tmp_path / "two")]
    ended = subprocess.run(
        command, cwd=REPOSITORY, env=environment(), capture_output=True, text=True, timeout=600, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("best epoch") == 1
    one, two = metrics(tmp_path / "one"), metrics(tmp_path / "two")
    assert len(one) == len(two) == 3
    for line, other in zip(one, two, strict=True):
        for figure in FIGURES:
            assert float(other[figure]) == pytest.approx(float(line[figure]), rel=1e-3), figure
    weights, others = (
        load_checkpoint(tmp_path / name / "checkpoint.safetensors", folded=False).network.state_dict()
        for name in ("one", "two")
    )
    for name, tensor in weights.items():
        torch.testing.assert_close(others[name], tensor, rtol=1e-2, atol=1e-3, msg=name)


@pytest.mark.parametrize("n", [3, 7, 32])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_parts_cover_a_batch_once(n: int, count: int) -> None:
    parts = [list(range(n))[Processes(rank, count).part(n)] for rank in range(count)]
    assert [place for part in parts for place in part] == list(range(n))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_fewer_images_than_processes_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="3 processes cannot share 2 images of a batch"):
        Processes(0, 3).part(2)

"""`python -m training`: runs killed, interrupted, started again; one line for whatever goes wrong."""

from __future__ import annotations

import csv
import json
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from model.checkpoint import load_checkpoint
from tests.training.conftest import tiny_document
from tests.training.folders import write_classes
from tests.training.runs import metrics, start_training, wait_for_epoch
from training.__main__ import main

EPOCHS = 40


def write_toml(path: Path, **changes: dict[str, Any]) -> Path:
    """Write the tiny configuration; JSON's values are TOML's here."""
    lines = []
    for table, values in tiny_document(**changes).items():
        lines += [f"[{table}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
    path.write_text("\n".join(lines))
    return path


@pytest.fixture(scope="module")
def long_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration with everything that has a state: schedule, optimiser, moving average."""
    run = {"epochs": EPOCHS, "patience": EPOCHS, "averaging": 0.9}
    optim = {"schedule": "plateau", "plateau_patience": 0}
    return write_toml(tmp_path_factory.mktemp("config") / "long.toml", run=run, optim=optim)


def train(config: Path, data: Path, out: Path) -> int:
    return main(["train", str(config), "--data", str(data), "--out", str(out)])


def assert_same_run(one: Path, other: Path) -> None:
    """Make sure that two folders hold the same figures, weights and states, bit for bit."""
    assert metrics(one) == metrics(other)
    states = [torch.load(out / "state.pt", weights_only=True) for out in (one, other)]
    for name in ("network", "averaged"):
        tensors, others = (state["tensors"][name] for state in states)
        assert tensors.keys() == others.keys()
        assert all(torch.equal(tensors[key], others[key]) for key in tensors)
    best, best_other = (load_checkpoint(out / "checkpoint.safetensors") for out in (one, other))
    assert best.card["epoch"] == best_other.card["epoch"]
    weights, others = best.network.state_dict(), best_other.network.state_dict()
    assert all(torch.equal(weights[key], others[key]) for key in weights)


def test_killed_run_goes_on_as_if_nothing_had_happened(long_run: Path, alike_classes: Path, tmp_path: Path) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = start_training(long_run, data=alike_classes, out=killed)
    wait_for_epoch(process, killed, 1)
    process.kill()
    process.communicate()
    done = len(metrics(killed))
    assert process.returncode == -signal.SIGKILL
    assert 1 <= done < EPOCHS

    assert train(long_run, alike_classes, killed) == 0
    assert train(long_run, alike_classes, whole) == 0
    assert [int(line["epoch"]) for line in metrics(whole)] == list(range(1, EPOCHS + 1))
    assert len({line["learning_rate"] for line in metrics(whole)}) > 1
    assert_same_run(killed, whole)


def test_interrupt_ends_with_status_130_and_the_run_goes_on(
    long_run: Path, alike_classes: Path, tmp_path: Path
) -> None:
    process = start_training(long_run, data=alike_classes, out=tmp_path)
    wait_for_epoch(process, tmp_path, 1)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert stderr.rstrip().endswith("the same command resumes from here")

    before = metrics(tmp_path)
    assert 1 <= len(before) < EPOCHS
    assert train(long_run, alike_classes, tmp_path) == 0
    assert metrics(tmp_path)[: len(before)] == before


def test_half_written_state_of_a_kill_does_no_harm(two_classes: Path, tmp_path: Path) -> None:
    config = write_toml(tmp_path / "short.toml", run={"epochs": 1})
    out = tmp_path / "out"
    out.mkdir()
    for name in (".state.pt.partial", ".checkpoint.safetensors.partial", ".metrics.csv.partial"):
        (out / name).write_bytes(b"cut short")
    assert train(config, two_classes, out) == 0
    assert len(metrics(out)) == 1


@pytest.mark.parametrize("damage", ["nothing", "noise", "half", "changed", "another kind"])
def test_damaged_state_is_named(
    two_classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    config, out = write_toml(tmp_path / "short.toml", run={"epochs": 1}), tmp_path / "out"
    assert train(config, two_classes, out) == 0
    state = out / "state.pt"
    whole = state.read_bytes()
    half = len(whole) // 2
    if damage == "another kind":
        torch.save([1, 2], state)
    else:
        changed = {"nothing": b"", "noise": b"noise", "half": whole[:half], "changed": whole[:half] + b"?" * 9000}
        state.write_bytes(changed[damage])
    assert train(config, two_classes, out) == 2
    last_line = capsys.readouterr().err.splitlines()[-1]
    assert last_line.endswith(f"error: {state} is damaged; delete it to start the run again")


@pytest.mark.parametrize("device", ["abacus", "cuda:99"])
def test_device_that_is_not_there_is_named(
    two_classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], device: str
) -> None:
    config = write_toml(tmp_path / "short.toml")
    assert main(["train", str(config), "--data", str(two_classes), "--device", device]) == 2
    assert capsys.readouterr().err.startswith(f"error: device '{device}' cannot be used: ")


def test_folder_that_cannot_be_written_is_named(
    two_classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_toml(tmp_path / "short.toml")
    assert train(config, two_classes, config) == 2
    assert str(config) in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("share", [None, 0.25, 1.0])
def test_share_of_positives_is_generated(tmp_path: Path, share: float | None) -> None:
    options = [] if share is None else ["--positive-share", str(share)]
    size = ["--height", "32", "--width", "48"]
    assert main(["generate", "fundus", "--out", str(tmp_path), "--count", "4", *size, *options]) == 0
    with (tmp_path / "labels.csv").open(newline="") as table:
        positives = sum(row["label"] == "1" for row in csv.DictReader(table))
    assert positives == 4 * (0.5 if share is None else share)


@pytest.mark.parametrize(("option", "value"), [
    ("--height", "8"), ("--width", "15"), ("--count", "-1"), ("--count", "0"), ("--seed", "-1"),
    ("--positive-share", "1.5"), ("--positive-share", "nan"), ("--count", "many"),
])  # fmt: skip
def test_wrong_option_of_generate_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["generate", "fundus", "--out", str(tmp_path), option, value])
    assert stopped.value.code == 2
    assert f"error: argument {option}: " in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(("option", "value"), [("--size", "500"), ("--clip", "0"), ("--height", "512")])
def test_wrong_option_of_generated_magnetograms_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    with pytest.raises(SystemExit):
        main(["generate", "magnetogram", "--out", str(tmp_path), option, value])
    assert option in capsys.readouterr().err.splitlines()[-1]


def test_end_of_a_run_tells_the_best_epoch(
    two_classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, out = write_toml(tmp_path / "short.toml", run={"epochs": 2}), tmp_path / "out"
    assert train(config, two_classes, out) == 0
    best = min(metrics(out), key=lambda line: float(line["validation_loss"]))
    printed = capsys.readouterr().out
    assert f"best epoch {best['epoch']}: validation loss {float(best['validation_loss']):.4f}" in printed
    assert str(out / "checkpoint.safetensors") in printed


def test_seed_and_epochs_of_the_command_line_hold(two_classes: Path, tmp_path: Path) -> None:
    config, out = write_toml(tmp_path / "short.toml"), tmp_path / "out"
    arguments = ["--data", str(two_classes), "--out", str(out), "--seed", "7", "--epochs", "1"]
    assert main(["train", str(config), *arguments]) == 0
    card = load_checkpoint(out / "checkpoint.safetensors").card
    assert (card["seed"], len(metrics(out))) == (7, 1)


@pytest.mark.parametrize(("broken", "message"), [
    ("corrupt image", "003.png"),
    ("empty class", "no image of class 'bright'"),
    ("no folder", "is not a folder"),
    ("unknown key", "run.epocs: unknown key; known keys: epochs, "),
    ("no data", "needs --data DIR"),
])  # fmt: skip
def test_wrong_input_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], broken: str, message: str
) -> None:
    data = write_classes(tmp_path / "data", {"dark": 60, "bright": 190}, count=4)
    config = write_toml(tmp_path / "run.toml", run={"epocs": 3} if broken == "unknown key" else {})
    if broken == "corrupt image":
        (data / "dark" / "003.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    if broken == "empty class":
        for path in (data / "bright").iterdir():
            path.unlink()
    folder = [] if broken == "no data" else ["--data", str(tmp_path / "gone" if broken == "no folder" else data)]
    assert main(["train", str(config), *folder, "--out", str(tmp_path / "out")]) == 2
    last_line = capsys.readouterr().err.splitlines()[-1]
    assert "error: " in last_line
    assert message in last_line
    assert not (tmp_path / "out").exists()

"""Which images explanations are evaluated on, and the command that does it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from model.checkpoint import LoadedCheckpoint, load_checkpoint
from tests.training.folders import idrid_mask, write_idrid, write_mask
from training.__main__ import main
from training.data.idrid import idrid_examples
from training.data.images import network_inputs
from training.errors import DatasetError
from training.fit.trainer import Trainer
from training.scoring.classification import score_images
from training.scoring.explanations import Choice, chosen_items


@pytest.fixture(scope="module")
def checkpoint(trained: Trainer) -> Path:
    return trained.checkpoint


@pytest.fixture(scope="module")
def loaded(checkpoint: Path) -> LoadedCheckpoint:
    return load_checkpoint(checkpoint)


def chosen(loaded: LoadedCheckpoint, idrid: Path, choice: Choice) -> list[str]:
    return [item.path.stem for item in chosen_items(loaded, idrid_examples(idrid, "test"), choice)]


def test_positives_are_taken_each_with_its_own_class_as_target(loaded: LoadedCheckpoint, idrid: Path) -> None:
    examples = idrid_examples(idrid, "test")
    items = chosen_items(loaded, examples, Choice())
    assert {item.path for item in items} == {example.path for example in examples if example.label == 1}
    assert {item.target for item in items} == {"retinopathy"}
    everything = chosen_items(loaded, examples, Choice(classes="all"))
    assert {(item.path, item.target) for item in everything} == {
        (example.path, loaded.labels[example.label]) for example in examples
    }


def test_correct_only_leaves_out_what_is_predicted_wrongly(loaded: LoadedCheckpoint, idrid: Path) -> None:
    examples = idrid_examples(idrid, "test")
    right = [
        example.path.stem
        for example, p in zip(
            examples,
            score_images(loaded, network_inputs(examples, loaded.preprocessing)).probabilities,
            strict=True,
        )
        if example.label == (p > 0.5)
    ]
    assert sorted(chosen(loaded, idrid, Choice(classes="all", correct_only=True))) == sorted(right)
    assert 0 < len(right) < len(examples)


def test_a_larger_sample_holds_the_smaller_one(loaded: LoadedCheckpoint, idrid: Path) -> None:
    three, five = (chosen(loaded, idrid, Choice(sample=n, seed=1)) for n in (3, 5))
    assert five[:3] == three
    assert chosen(loaded, idrid, Choice(sample=5, seed=2)) != five


def test_masked_only_leaves_out_what_has_no_mask(loaded: LoadedCheckpoint, tmp_path: Path) -> None:
    write_idrid(tmp_path, "test", {f"IDRiD_{i:03}": i % 2 for i in range(1, 5)})
    with pytest.raises(DatasetError, match="none is chosen"):
        chosen(loaded, tmp_path, Choice(masked_only=True))
    mask = write_mask(idrid_mask(tmp_path, "test", "IDRiD_003"), width=60)
    [item] = chosen_items(loaded, idrid_examples(tmp_path, "test"), Choice(masked_only=True))
    assert (item.path.stem, item.masks) == ("IDRiD_003", (mask,))


def test_the_command_evaluates_a_split_and_goes_on_where_it_was(
    checkpoint: Path, idrid: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"

    def run(*more: str) -> list[dict[str, object]]:
        options = ["--split", "test", "--out", str(out), "--methods", "attention,random", "--patch-sizes", "8,16"]
        assert main(["evaluate", str(checkpoint), "--data", str(idrid), *options, "--step", "1", *more]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    first = run("--sample", "2")
    assert [line["resumed"] for line in first] == [False, False]
    again = run("--sample", "3")
    assert [line["resumed"] for line in again] == [True, True, False]
    assert [line["pid"] for line in again[:2]] == [line["pid"] for line in first]
    with (out / "table.csv").open(newline="") as file:
        assert {row["images"] for row in csv.DictReader(file)} == {"3"}
    assert len(list(out.glob("*.strip.png"))) == 3


def test_masks_are_compared_and_part_of_what_is_resumed(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for split in ("train", "test"):
        write_idrid(tmp_path, split, {f"IDRiD_{i:03}": i % 2 for i in range(1, 9)})
    mask = write_mask(idrid_mask(tmp_path, "test", "IDRiD_003"), width=60)
    out = tmp_path / "out"

    def run(*more: str) -> list[dict[str, object]]:
        options = [
            "--split",
            "test",
            "--out",
            str(out),
            "--methods",
            "random",
            "--patch-sizes",
            "16",
            "--step",
            "1",
        ]
        assert main(["evaluate", str(checkpoint), "--data", str(tmp_path), *options, *more]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert [line["resumed"] for line in run("--masked-only")] == [False]
    document = json.loads((out / "IDRiD_003.json").read_text())
    assert document["methods"]["random"]["localisation"]["mask_share"] > 0
    with (out / "localisation.csv").open(newline="") as file:
        assert {row["images"] for row in csv.DictReader(file)} == {"1"}
    write_mask(mask, width=120, height=80)
    assert [line["resumed"] for line in run("--masked-only")] == [False]
    assert [line["target"] for line in run("--masked-only", "--target", "no retinopathy")] == [
        {"label": "no retinopathy", "index": 0}
    ]
    assert len(run("--classes", "all")) == 8


@pytest.mark.parametrize("options", [["--correct-only"], ["--methods", "rise"], ["--sample", "3"]])
def test_options_of_explanations_need_a_folder(
    checkpoint: Path, idrid: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(checkpoint), "--data", str(idrid), *options]) == 2
    assert "need --out DIR" in capsys.readouterr().err

"""The figures of a checkpoint, and the card that tells them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from model.checkpoint import load_checkpoint
from tests.training.conftest import MakeConfig
from training.__main__ import main
from training.data.idrid import idrid_examples
from training.data.sources import training_data
from training.fit.trainer import Trainer
from training.scoring.card_words import training_notes
from training.scoring.classification import Scores, figures


@pytest.fixture
def perfect() -> Scores:
    labels = np.array([0, 0, 1, 1])
    return Scores(labels, np.array([0.1, 0.2, 0.8, 0.9]), np.array([0.0, 0.0, 0.5, 0.25]))


def test_a_perfect_separation_has_figures_of_one(perfect: Scores) -> None:
    report = figures(perfect, operating_point=0.5)
    for name in ("auroc", "accuracy", "balanced_accuracy", "true_skill_statistic", "sensitivity", "specificity"):
        assert report[name] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert report["images"] == 4
    assert report["positives"] == 2


def test_the_operating_point_is_the_one_given(perfect: Scores) -> None:
    point = figures(perfect, operating_point=0.85)["operating_point"]
    assert point["threshold"] == 0.85
    assert point["sensitivity"]["value"] == 0.5
    assert point["specificity"]["value"] == 1.0


def test_attention_coverage_is_told_by_class(perfect: Scores) -> None:
    assert figures(perfect, operating_point=0.5)["attention_coverage"] == {
        "mean": 0.1875,
        "of_positives": 0.375,
        "of_negatives": 0.0,
        "images_without_any": 0.5,
    }


def test_figures_are_plain_json(perfect: Scores) -> None:
    report = figures(perfect, operating_point=0.5)
    assert json.loads(json.dumps(report)) == report


def test_a_run_ships_with_its_figures_and_a_card_in_words(trained: Trainer, idrid: Path, tmp_path: Path) -> None:
    out = tmp_path / "shipped.safetensors"
    command = ["ship", str(trained.checkpoint), str(out), "--data", str(idrid), "--made-by", "make it"]
    assert main(command) == 0
    shipped = load_checkpoint(out)
    assert set(shipped.card["evaluations"]) == {"validation", "test"}
    assert shipped.card["evaluations"]["test"]["images"] == len(idrid_examples(idrid, "test"))
    words = out.with_suffix(".md").read_text()
    for needed in ("Not a medical device", "Porwal", "CC BY 4.0", "make it", "AUROC", "without image 064"):
        assert needed in words, needed


def test_no_card_is_written_for_data_it_has_no_words_for(
    make_config: MakeConfig, two_classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = make_config(run={"epochs": 1})
    trainer = Trainer(config, training_data(config, two_classes), tmp_path / "run")
    trainer.run()
    out = tmp_path / "shipped.safetensors"
    assert main(["ship", str(trainer.checkpoint), str(out), "--data", str(two_classes)]) == 2
    assert (
        "model cards are written for data of kind idrid or generated-magnetogram, these are 'own'"
        in capsys.readouterr().err
    )
    assert not out.exists()


@pytest.mark.parametrize("command", ["evaluate {}", "ship {} shipped.safetensors"])
def test_a_checkpoint_that_was_not_trained_here_has_no_figures(
    tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert main([*command.format(tiny_checkpoint).split(), "--data", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        "error: the checkpoint was not trained here: its card has no training configuration\n"
    )


def test_figures_are_printed_as_json(trained: Trainer, idrid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(trained.checkpoint), "--data", str(idrid), "--split", "test"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["split"] == "test"
    assert 0 <= report["auroc"]["low"] <= report["auroc"]["value"] <= report["auroc"]["high"] <= 1


def test_a_network_of_generated_magnetograms_is_scored_on_seeds_and_on_a_folder_of_others(
    make_config: MakeConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = make_config(
        network={"channels": 1},
        preprocessing={"mode": "grey", "mean": [0.36], "std": [0.22]},
        data={"kind": "generated-magnetogram", "count": 16},
        run={"epochs": 1},
    )
    trainer = Trainer(config, training_data(config, None), tmp_path / "run")
    trainer.run()
    others = tmp_path / "others"
    written = ["generate", "magnetogram", "--out", str(others), "--count", "5", "--size", "32", "--seed", "3"]
    assert main([*written, "--positive-share", "0.4"]) == 0
    evaluate = ["evaluate", str(trainer.checkpoint), "--split", "test"]
    reports = []
    for folder in ([], ["--data", str(others)]):
        assert main([*evaluate, *folder]) == 0
        reports.append(json.loads(capsys.readouterr().out))
    assert [(report["images"], report["positives"]) for report in reports] == [(4, 2), (5, 2)]
    assert -1 <= reports[0]["true_skill_statistic"]["value"] <= 1
    assert reports[0]["operating_point"]["threshold"] == reports[1]["operating_point"]["threshold"]

    shipped = tmp_path / "shipped.safetensors"
    assert main(["ship", str(trainer.checkpoint), str(shipped)]) == 0
    capsys.readouterr()
    words = shipped.with_suffix(".md").read_text()
    for needed in ("Trained on generated data only", "12 for training", "true skill statistic", "±1500 G"):
        assert needed in words, needed

    for name, folder in (("of seeds", []), ("of others", ["--data", str(others)])):
        options = ["--methods", "attention", "--patch-sizes", "8", "--out", str(tmp_path / name)]
        assert main([*evaluate, *folder, *options]) == 0
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert len(lines) == 2
        assert (tmp_path / name / "localisation.csv").is_file()
        assert all(("images/test" in line["path"]) == (folder == []) for line in lines)


@pytest.mark.parametrize(("data", "pretrained", "patched", "said"), [
    ({}, False, False, ()),
    ({}, True, False, ("It was first trained", "No lesion mask of a real photograph")),
    ({"generated": 3000, "masked": 45}, True, False, ("It was first trained", "3,000 in all", "masks of 45 real")),
    ({"masked": 45}, False, True, ("masks of 45 real", "Black squares")),
    ({"generated": 3000}, False, False, ("3,000 in all", "No lesion mask of a real photograph")),
    ({"masked": 45}, False, False, ("masks of 45 real",)),
])  # fmt: skip
def test_card_says_what_taught_the_attention(
    data: dict[str, int], said: tuple[str, ...], *, pretrained: bool, patched: bool
) -> None:
    words = training_notes(data, pretrained=pretrained, patched=patched)
    every = (
        "It was first trained", "3,000 in all", "masks of 45 real", "No lesion mask of a real photograph",
        "Black squares",
    )  # fmt: skip
    assert [part for part in every if part in words] == list(said)

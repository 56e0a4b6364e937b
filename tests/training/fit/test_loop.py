"""Tiny real runs."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model.checkpoint import load_checkpoint
from model.errors import CheckpointError
from model.images.normalisation import denormalise
from model.network import LambdaAbn
from tests.training.conftest import MakeConfig
from tests.training.folders import write_classes
from training.data.sources import training_data
from training.errors import Diverged, TrainingError
from training.fit.trainer import Trainer


@pytest.fixture(scope="module")
def finished(make_config: MakeConfig, two_classes: Path, tmp_path_factory: pytest.TempPathFactory) -> Trainer:
    """A whole run on images that brightness alone tells apart."""
    config = make_config()
    trainer = Trainer(config, training_data(config, two_classes), tmp_path_factory.mktemp("run"))
    trainer.run()
    return trainer


@pytest.fixture(scope="module")
def overfitted(make_config: MakeConfig, alike_classes: Path, tmp_path_factory: pytest.TempPathFactory) -> Trainer:
    """A run on classes that do not differ, stopped early."""
    config = make_config(run={"epochs": 40, "patience": 3})
    trainer = Trainer(config, training_data(config, alike_classes), tmp_path_factory.mktemp("run"))
    trainer.run()
    return trainer


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_separable_classes_are_told_apart(finished: Trainer) -> None:
    first, *_, last = finished.state.history
    assert last.train_loss < 0.5 * first.train_loss
    assert last.validation_auroc == 1
    assert last.validation_accuracy == 1


def test_metrics_csv_has_a_line_an_epoch(finished: Trainer) -> None:
    lines = rows(finished.out)
    assert [line["epoch"] for line in lines] == ["1", "2", "3", "4"]
    assert [float(line["validation_loss"]) for line in lines] == [
        record.validation_loss for record in finished.state.history
    ]
    assert all(0 <= float(line["attention_coverage"]) <= 1 for line in lines)
    assert float(lines[0]["learning_rate"]) == 1e-2


def test_curves_are_a_picture(finished: Trainer) -> None:
    with Image.open(finished.out / "curves.png") as picture:
        assert np.asarray(picture.convert("L")).std() > 1


def test_folder_holds_the_run_and_no_half_written_file(finished: Trainer) -> None:
    names = {path.name for path in finished.out.iterdir()}
    assert names == {"checkpoint.safetensors", "state.pt", "metrics.csv", "curves.png"}


def test_checkpoint_tells_what_the_service_must_know(finished: Trainer) -> None:
    loaded = load_checkpoint(finished.checkpoint)
    assert loaded.config == finished.config.network
    assert loaded.preprocessing == finished.config.preprocessing
    assert loaded.labels == ("dark", "bright")
    assert loaded.card["training"] == finished.config.to_dict()
    assert loaded.card["data"]["training"] == {"0": 12, "1": 12}
    assert loaded.card["data"]["validation"] == {"0": 4, "1": 4}
    assert loaded.card["epoch"] == finished.state.best_epoch


def test_checkpoint_finds_its_training_images_familiar(finished: Trainer) -> None:
    statistics = load_checkpoint(finished.checkpoint).statistics
    assert statistics is not None
    images = denormalise(finished.data.validation.images, finished.config.preprocessing)
    assert not any(statistics.unusual(image) for image in images)
    assert statistics.unusual(torch.zeros(3, 32, 32))


def test_finished_run_has_nothing_left_to_do(finished: Trainer) -> None:
    before = finished.checkpoint.read_bytes()
    again = Trainer(finished.config, finished.data, finished.out)
    again.run()
    assert again.state.history == finished.state.history
    assert finished.checkpoint.read_bytes() == before


def test_early_stopping_waits_for_its_patience(overfitted: Trainer) -> None:
    losses = [record.validation_loss for record in overfitted.state.history]
    assert len(losses) < 40
    assert losses.index(min(losses)) == len(losses) - 1 - 3


def test_best_weights_are_kept_and_not_the_last(overfitted: Trainer) -> None:
    best = min(overfitted.state.history, key=lambda record: record.validation_loss)
    loaded = load_checkpoint(overfitted.checkpoint, folded=False)
    assert loaded.card["epoch"] == best.epoch == overfitted.state.best_epoch
    last_output, last_loss = overfitted.validate(overfitted.data.validation)
    assert last_loss == pytest.approx(overfitted.state.history[-1].validation_loss, rel=1e-5)
    with torch.inference_mode():
        output = loaded.network(overfitted.data.validation.images)
    assert not torch.allclose(output.logits, last_output.logits, atol=1e-3)
    overfitted.network.load_state_dict(loaded.network.state_dict())
    assert overfitted.validate(overfitted.data.validation)[1] == pytest.approx(best.validation_loss, rel=1e-5)


@pytest.mark.parametrize("changes", [
    {"run": {"epochs": 5}}, {"run": {"seed": 1}}, {"optim": {"trunk_lr": 1e-3}}, {"network": {"threshold": 0.3}},
])  # fmt: skip
def test_folder_of_another_configuration_is_refused(
    finished: Trainer, make_config: MakeConfig, changes: dict[str, dict[str, float]]
) -> None:
    before = finished.checkpoint.read_bytes()
    with pytest.raises(TrainingError, match="holds a run of another configuration") as raised:
        Trainer(make_config(**changes), finished.data, finished.out).run()
    assert str(finished.out) in str(raised.value)
    assert finished.checkpoint.read_bytes() == before


@pytest.mark.parametrize("batch_size", [4, 24])  # NaN in training; and in validation, after one step
def test_divergence_is_an_error_and_keeps_no_checkpoint(
    finished: Trainer, make_config: MakeConfig, tmp_path: Path, batch_size: int
) -> None:
    rates = {"trunk_lr": 1e30, "branch_lr": 1e30}
    config = make_config(optim=rates, run={"batch_size": batch_size})
    with pytest.raises(Diverged, match="epoch 1"):
        Trainer(config, finished.data, tmp_path).run()
    assert not list(tmp_path.iterdir())


def test_moving_average_is_what_is_kept(finished: Trainer, make_config: MakeConfig, tmp_path: Path) -> None:
    trainer = Trainer(make_config(run={"epochs": 1, "averaging": 0.9}), finished.data, tmp_path)
    trainer.run()
    kept = load_checkpoint(trainer.checkpoint, folded=False).network.state_dict()
    averaged, last = trainer.averaged.module.state_dict(), trainer.network.state_dict()
    assert all(torch.equal(kept[name], averaged[name]) for name in kept)
    assert not torch.equal(kept["classify.weight"], last["classify.weight"])


@pytest.mark.parametrize("changes", [
    {"run": {"balanced": True}},
    {"run": {"precision": "bf16", "channels_last": True}},
    {"loss": {"kind": "one_hot_bce", "class_weights": [1.0, 2.0]}},
    {"optim": {"schedule": "plateau"}},
])  # fmt: skip
def test_other_ways_to_train_tell_the_classes_apart_too(
    finished: Trainer, make_config: MakeConfig, tmp_path: Path, changes: dict[str, dict[str, object]]
) -> None:
    trainer = Trainer(make_config(**changes), finished.data, tmp_path)
    trainer.run()
    assert trainer.state.history[-1].validation_auroc == 1


def test_three_classes_count_alike(make_config: MakeConfig, tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "data", {"dark": 50, "grey": 128, "bright": 200}, count=12)
    config = make_config(
        network={"classes": 3},
        data={"labels": ["dark", "grey", "bright"]},
        run={"epochs": 6, "balanced": True},
    )
    trainer = Trainer(config, training_data(config, folder), tmp_path / "run")
    trainer.run()
    best = max(record.validation_accuracy for record in trainer.state.history)
    assert best > 0.9
    assert load_checkpoint(trainer.checkpoint).labels == ("dark", "grey", "bright")


def test_run_starts_from_the_weights_of_a_checkpoint(
    finished: Trainer, make_config: MakeConfig, save_tiny: Callable[..., Path], tmp_path: Path
) -> None:
    source = save_tiny("source", labels=("a", "b", "c"))
    given = load_checkpoint(source, folded=False).network.state_dict()
    trainer = Trainer(make_config(run={"initialise_from": str(source)}), finished.data, tmp_path)
    torch.manual_seed(0)
    fresh = LambdaAbn(trainer.config.network).state_dict()
    for name, tensor in trainer.network.state_dict().items():
        head = name.startswith(("classify.", "branch.classify."))
        assert torch.equal(tensor, fresh[name] if head else given[name]), name


def test_checkpoint_to_start_from_that_is_missing_is_named(
    finished: Trainer, make_config: MakeConfig, tmp_path: Path
) -> None:
    config = make_config(run={"initialise_from": str(tmp_path / "gone.safetensors")})
    with pytest.raises(CheckpointError, match=r"gone\.safetensors"):
        Trainer(config, finished.data, tmp_path)

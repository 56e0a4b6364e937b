"""From a configuration to the images of a run."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from model.images.normalisation import denormalise
from tests.training.conftest import SIDE, MakeConfig
from tests.training.folders import idrid_mask, write_idrid, write_image, write_mask
from training.__main__ import main
from training.config import TrainingConfig
from training.data.generated import FEW, generated_images
from training.data.sources import TrainingData, generated_held_out, real_examples, training_data
from training.errors import DatasetError
from training.fit.trainer import Trainer
from training.generators.magnetogram.generator import generate_magnetogram

GENERATED: dict[str, Any] = {"kind": "generated-fundus", "count": 16, "validation_share": 0.25}


@pytest.fixture(scope="module")
def generated(make_config: MakeConfig) -> TrainingData:
    return training_data(make_config(data=GENERATED), None)


def test_generated_classes_are_equal_and_their_masks_tell_them_apart(generated: TrainingData) -> None:
    for images, count in ((generated.training, 12), (generated.validation, 4)):
        assert images.labels.bincount().tolist() == [count // 2, count // 2]
        assert images.masks is not None
        assert torch.equal(images.masks.flatten(1).any(dim=1).long(), images.labels)
    assert generated.labels == ("no retinopathy", "retinopathy")


def test_generated_images_are_bytes_to_train_on_and_inputs_to_validate_on(
    make_config: MakeConfig, generated: TrainingData
) -> None:
    assert generated.training.images.shape == (12, 3, SIDE, SIDE)
    assert generated.training.images.dtype == torch.uint8
    shown = denormalise(generated.validation.images, make_config().preprocessing) * 255
    torch.testing.assert_close(shown, shown.round(), rtol=0, atol=1e-3)
    assert shown.max() > 150


def test_no_generated_image_is_shown_and_held_out(make_config: MakeConfig, generated: TrainingData) -> None:
    held_out = denormalise(generated.validation.images, make_config().preprocessing) * 255
    shown = generated.training.images.float()
    assert (held_out[:, None] - shown[None]).abs().mean(dim=(2, 3, 4)).min() > 1


def test_network_learns_from_generated_masks_end_to_end(
    make_config: MakeConfig, generated: TrainingData, tmp_path: Path
) -> None:
    config = make_config(data=GENERATED, loss={"mask_weight": 1.0}, run={"epochs": 2, "balanced": True})
    with_masks, without = (
        Trainer(config if weight else make_config(data=GENERATED), generated, tmp_path / str(weight))
        for weight in (1, 0)
    )
    assert with_masks.validate(generated.validation)[1] > without.validate(generated.validation)[1] + 0.1
    with_masks.run()
    first, last = with_masks.state.history
    assert last.train_loss < first.train_loss
    assert with_masks.checkpoint.is_file()


@pytest.mark.parametrize(("count", "share"), [(0, 0.25), (4, 0.25), (16, 0.0), (16, 1.0)])
def test_too_few_generated_images_are_refused(make_config: MakeConfig, count: int, share: float) -> None:
    config = make_config(data={**GENERATED, "count": count, "validation_share": share})
    with pytest.raises(DatasetError, match=f"{count} generated images are too few"):
        training_data(config, None)


def test_generated_photographs_for_a_grey_network_are_refused(make_config: MakeConfig) -> None:
    preprocessing = {"mode": "grey", "mean": [0.5], "std": [0.25]}
    config = make_config(data=GENERATED, network={"channels": 1}, preprocessing=preprocessing)
    with pytest.raises(DatasetError, match="square and have three channels"):
        training_data(config, None)


def test_real_images_are_split_and_counted(make_config: MakeConfig, tmp_path: Path) -> None:
    write_idrid(tmp_path, "train", {f"IDRiD_{index:03d}": index % 4 for index in range(1, 17)})
    data = training_data(make_config(data={"kind": "idrid"}), tmp_path)
    assert data.training.images.shape == (12, 3, 2 * SIDE, 2 * SIDE)
    assert data.validation.images.shape == (4, 3, SIDE, SIDE)
    assert data.description == {
        "dataset": "IDRiD", "training": {"0": 3, "1": 9}, "validation": {"0": 1, "1": 3},
    }  # fmt: skip


def test_real_data_need_a_folder(make_config: MakeConfig) -> None:
    with pytest.raises(DatasetError, match="data of kind 'own' needs --data DIR"):
        training_data(make_config(), None)


@pytest.fixture
def own(make_config: MakeConfig) -> TrainingConfig:
    return make_config(data={"kind": "own", "labels": ["healthy", "ill"]})


def write_classes(folder: Path) -> None:
    for index, label in enumerate(("healthy", "ill")):
        for seed in range(3):
            write_image(folder / label / f"{seed}.png", seed=10 * index + seed)


def test_own_images_are_split_by_folders_where_there_are_some(own: TrainingConfig, tmp_path: Path) -> None:
    write_classes(tmp_path / "train")
    write_classes(tmp_path / "test")
    for split in ("train", "test"):
        examples, labels, name = real_examples(own, tmp_path, split)
        assert {example.path.parts[-3] for example in examples} == {split}
        assert labels == ("healthy", "ill")
        assert name == tmp_path.name


def test_own_data_are_called_after_their_folder(
    make_config: MakeConfig, two_classes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(two_classes)
    assert training_data(make_config(), Path()).description["dataset"] == two_classes.name


def magnetogram_config(make_config: MakeConfig, **data: Any) -> TrainingConfig:
    return make_config(
        network={"channels": 1},
        preprocessing={"mode": "grey", "mean": [0.36], "std": [0.22]},
        data={"kind": "generated-magnetogram", "count": 8, "validation_share": 0.25, **data},
        loss={"mask_weight": 1.0},
    )


def test_magnetograms_are_generated_grey_with_masks(make_config: MakeConfig) -> None:
    data = training_data(magnetogram_config(make_config), None)
    assert data.training.images[torch.arange(6)].shape == (6, 1, SIDE, SIDE)
    assert data.training.labels.tolist() == [0, 1, 0, 1, 0, 1]
    assert data.training.masks is not None
    assert torch.equal(data.training.masks.flatten(1).any(dim=1).long(), data.training.labels)
    assert data.labels == ("below M class", "M class or above")
    assert data.description == {"dataset": "generated magnetograms", "training": 6, "validation": 2}


def test_each_split_of_generated_magnetograms_has_seeds_of_its_own(make_config: MakeConfig) -> None:
    config = magnetogram_config(make_config)
    validation, test = (generated_held_out(config, split) for split in ("validation", "test"))
    for seed, images in ((6, validation), (8, test)):
        pixels = torch.from_numpy(generate_magnetogram(seed, label=0, size=SIDE).pixels)
        shown = denormalise(images.images[torch.tensor([0])], config.preprocessing) * 255
        torch.testing.assert_close(shown[0, 0], pixels.float(), rtol=0, atol=1e-3)


def test_a_finer_clip_shows_weaker_field(make_config: MakeConfig) -> None:
    images = generated_held_out(magnetogram_config(make_config, clip_gauss=100.0), "test").images
    coarse = generated_held_out(magnetogram_config(make_config), "test").images
    assert (images[:1] - coarse[:1]).abs().max() > 0.2


def test_magnetograms_of_another_shape_are_refused(make_config: MakeConfig) -> None:
    config = make_config(data={"kind": "generated-magnetogram"})
    with pytest.raises(DatasetError, match=r"generated magnetograms are grey and square, of \(512"):
        training_data(config, None)


def test_defn_is_split_by_years(make_config: MakeConfig, tmp_path: Path) -> None:
    config = make_config(
        network={"channels": 1},
        preprocessing={"mode": "grey", "mean": [0.36], "std": [0.22]},
        data={"kind": "defn"},
        run={"epochs": 1, "pid_images": 1},
    )
    for year in range(2010, 2018):
        (tmp_path / f"{year}.csv").write_text(f"image,flag,year\na.png,0,{year}\nb.png,{(year + 3) % 4},{year}\n")
        np.save(tmp_path / f"{year}.npy", np.full((2, SIDE, SIDE), year % 100, np.uint8))
    data = training_data(config, tmp_path)
    assert data.description == {
        "dataset": "DeFN", "training": {"0": 9, "1": 3}, "validation": {"0": 1, "1": 1},
    }  # fmt: skip
    trainer = Trainer(config, data, tmp_path / "run")
    trainer.run()
    assert trainer.best.train_loss > 0
    assert trainer.best.attention_pid is not None
    asked = ["--methods", "attention", "--patch-sizes", "16", "--step", "1", "--split", "validation"]
    out = tmp_path / "explained"
    assert main(["evaluate", str(trainer.checkpoint), "--data", str(tmp_path), "--out", str(out), *asked]) == 0
    with (out / "table.csv").open(newline="") as file:
        assert {row["images"] for row in csv.DictReader(file)} == {"1"}  # of 2016, from its array


def test_generated_photographs_have_no_real_examples(make_config: MakeConfig, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no folder of real examples"):
        real_examples(make_config(data=GENERATED), tmp_path, "train")


def test_own_images_without_a_test_folder_have_no_test_split(own: TrainingConfig, tmp_path: Path) -> None:
    write_classes(tmp_path)
    assert len(real_examples(own, tmp_path, "train")[0]) == 6
    with pytest.raises(DatasetError, match="no folder 'test'"):
        real_examples(own, tmp_path, "test")


@pytest.fixture
def masked_idrid(tmp_path: Path) -> Path:
    """Sixteen photographs, of which each of the twelve diseased ones has a mask."""
    grades = {f"IDRiD_{index:03d}": index % 4 for index in range(1, 17)}
    write_idrid(tmp_path, "train", grades)
    for name, grade in grades.items():
        if grade:
            write_mask(idrid_mask(tmp_path, "train", name), width=60)
    return tmp_path


def test_real_masks_and_generated_images_teach_the_attention(
    make_config: MakeConfig, masked_idrid: Path, tmp_path: Path
) -> None:
    config = make_config(
        data={"kind": "idrid", "generated_share": 0.5, "count": 12},
        loss={"mask_weight": 1.0, "mask_kind": "dice_bce"},
        run={"epochs": 3, "batch_size": 8, "pid_images": 1},
    )
    data = training_data(config, masked_idrid)
    assert data.description["masked"] == 9
    assert data.description["generated"] == 12
    for images in (data.training, data.validation):
        assert images.known is not None
        assert images.known.all()
    trainer = Trainer(config, data, tmp_path / "run")
    trainer.run()
    first, *_, last = trainer.state.history
    assert last.train_loss < first.train_loss
    assert last.attention_energy is not None
    assert last.attention_hits is not None
    assert last.attention_pid is not None
    assert -1 <= last.attention_pid <= 1


def test_mask_loss_without_any_mask_is_refused(make_config: MakeConfig, tmp_path: Path) -> None:
    write_idrid(tmp_path, "train", {f"IDRiD_{index:03d}": index % 4 for index in range(1, 17)})
    config = make_config(data={"kind": "idrid"}, loss={"mask_weight": 1.0})
    with pytest.raises(DatasetError, match=r"loss\.mask_weight is set, but no training image .* has a mask"):
        training_data(config, tmp_path)


def test_mixed_in_images_for_a_grey_network_are_refused(make_config: MakeConfig, two_classes: Path) -> None:
    preprocessing = {"mode": "grey", "mean": [0.5], "std": [0.25]}
    config = make_config(data={"generated_share": 0.5}, network={"channels": 1}, preprocessing=preprocessing)
    with pytest.raises(DatasetError, match="square and have three channels"):
        training_data(config, two_classes)


def test_many_generated_images_come_from_processes_and_are_the_same(make_config: MakeConfig) -> None:
    config = make_config(data=GENERATED)
    many, few = generated_images(0, FEW, config), generated_images(FEW - 3, 3, config)
    assert isinstance(many.images, Tensor)
    assert isinstance(few.images, Tensor)
    assert torch.equal(many.images[-3:], few.images)
    assert torch.equal(many.labels[-3:], few.labels)

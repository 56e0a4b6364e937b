"""A run as one TOML file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from model.errors import ConfigurationError
from model.presets import NETWORKS, PREPROCESSINGS
from tests.training.conftest import tiny_document
from training.config import TrainingConfig
from training.recipe import Recipe

SHIPPED = sorted((Path(__file__).parents[2] / "training" / "configs").glob("*.toml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_configurations_parse_and_survive_the_card(path: Path) -> None:
    for stage in Recipe.read(path).stages:
        assert TrainingConfig.from_dict(json.loads(json.dumps(stage.config.to_dict()))) == stage.config


def test_the_magnetogram_configuration_is_table_1_of_the_paper() -> None:
    config = TrainingConfig.read(Path(__file__).parents[2] / "training" / "configs" / "paper-defn.toml")
    network, optim, run = config.network, config.optim, config.run
    assert (network.bottlenecks, network.split, network.threshold) == (1, 0, 0.5)
    assert (network.channels, network.height, network.width) == (1, 512, 512)
    assert (optim.branch_lr, optim.trunk_lr, optim.weight_decay) == (1e-3, 1e-4, 0.09)
    assert (run.batch_size, run.patience, run.balanced) == (32, 6, False)
    assert config.loss.class_weights == (1.0, 1.0)
    assert config.preprocessing == PREPROCESSINGS["magnetogram"]


def test_custom_network_survives_the_card() -> None:
    config = TrainingConfig.from_dict(tiny_document())
    assert config.network.stage_widths == (8, 8)
    assert TrainingConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_empty_document_is_the_compact_network_on_idrid() -> None:
    config = TrainingConfig.from_dict({})
    assert config.network == NETWORKS["compact"]
    assert config.preprocessing == PREPROCESSINGS["idrid"]
    assert config.data.kind == "idrid"


def test_preset_takes_changes() -> None:
    config = TrainingConfig.from_dict({"network": {"preset": "compact", "split": 2, "stage_depths": [1, 2, 3, 4]}})
    assert (config.network.split, config.network.stage_depths) == (2, (1, 2, 3, 4))
    assert config.network.stem_channels == NETWORKS["compact"].stem_channels


def test_a_named_preprocessing_has_the_networks_size() -> None:
    config = TrainingConfig.from_dict({"network": {"height": 320, "width": 256}, "preprocessing": "idrid"})
    assert config.preprocessing == replace(PREPROCESSINGS["idrid"], height=320, width=256)


@pytest.mark.parametrize("document", [
    {"strange": {}},
    {"network": {"strange": 1}},
    {"network": {"preset": "custom", "strange": 1}},
    {"preprocessing": {"strange": 1}},
    {"data": {"strange": 1}},
    {"augment": {"strange": 1}},
    {"loss": {"strange": 1}},
    {"optim": {"strange": 1}},
    {"run": {"strange": 1}},
    {"network": {"preset": "strange"}},
    {"preprocessing": "strange"},
])  # fmt: skip
def test_unknown_key_is_refused_and_named_at_every_level(document: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="strange"):
        TrainingConfig.from_dict(document)


@pytest.mark.parametrize(("changes", "message"), [
    ({"data": {"kind": "idird"}}, "data.kind must be 'idrid', 'defn', 'own', 'generated-fundus' or 'gen"),
    ({"loss": {"kind": "hinge"}}, "loss.kind"),
    ({"optim": {"schedule": "step"}}, "optim.schedule must be 'plateau' or 'cosine'"),
    ({"run": {"precision": "fp16"}}, "run.precision must be 'fp32' or 'bf16', is 'fp16'"),
    ({"run": {"epochs": "ten"}}, "run.epochs must be a valid integer"),
    ({"run": {"epochs": 2.5}}, "run.epochs must be a valid integer"),
    ({"run": {"balanced": 1}}, "run.balanced must be a valid boolean"),
    ({"augment": {"scale": [1.0]}}, "augment.scale"),
    ({"optim": {"trunk_lr": "1e-3"}}, "optim.trunk_lr must be a valid number"),
    ({"run": {"epochs": 0}}, "run.epochs must be greater than or equal to 1, is 0"),
    ({"run": {"patience": 0}}, "run.patience must be greater than or equal to 1, is 0"),
    ({"run": {"batch_size": 0}}, "run.batch_size must be greater than or equal to 1, is 0"),
    ({"run": {"batch_size": 1, "balanced": True}}, "run.balanced needs a run.batch_size of 2 or more"),
    ({"run": {"seed": -1}}, "run.seed must be greater than or equal to 0, is -1"),
    ({"data": {"labels": ["dark"]}}, "network.classes is 2, but the data have 1 different labels"),
    ({"data": {"labels": ["dark", "dark"]}}, "network.classes is 2, but the data have 1 different labels"),
    ({"network": {"classes": 3}}, "network.classes is 3, but the data have 2 different labels"),
    ({"network": {"height": 64}}, r"network takes \(3, 64, 32\), preprocessing gives \(3, 32, 32\)"),
    ({"loss": {"class_weights": [1.0, 2.0, 3.0]}}, "class_weights must be 2 numbers"),
    ({"data": {"kind": "defn"}, "loss": {"mask_weight": 1.0}}, "loss.mask_weight needs masks; data of kind"),
    ({"data": {"clip_gauss": 0.0}}, "data.clip_gauss must be greater than 0, is 0.0"),
    ({"data": {"folds": 1}}, "data.fold must be one of data.folds"),
    ({"data": {"folds": 5, "fold": 5}}, "data.fold must be one of data.folds .2 or more., is 5"),
    ({"loss": {"mask_kind": "iou"}}, "loss.mask_kind"),
    ({"data": {"generated_share": 1.0}}, "data.generated_share must be less than 1, is 1.0"),
    ({"data": {"generated_share": -0.5}}, "data.generated_share must be greater than or equal to 0"),
    ({"data": {"generated_share": 0.1}}, "too small for real and generated images"),
    ({"data": {"generated_share": 0.9}}, "too small for real and generated images"),
    ({"data": {"generated_share": 0.3}, "run": {"balanced": True}}, "too small for real and generated images"),
    ({"data": {"kind": "generated-fundus", "generated_share": 0.5}}, "needs real photographs of two classes"),
    ({"data": {"kind": "defn", "generated_share": 0.5}}, "needs real photographs of two classes"),
])  # fmt: skip
def test_wrong_value_is_refused_before_any_work(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        TrainingConfig.from_dict(tiny_document(**changes))


@pytest.mark.parametrize("table", ["network", "data", "augment", "loss", "optim", "run"])
def test_value_in_place_of_a_table_is_refused(table: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{table} must be a table"):
        TrainingConfig.from_dict({table: "compact"})


def test_class_weights_or_balanced_batches_but_not_both() -> None:
    weights, balanced = {"class_weights": [1.0, 2.0]}, {"balanced": True}
    TrainingConfig.from_dict(tiny_document(loss=weights))
    TrainingConfig.from_dict(tiny_document(run=balanced))
    with pytest.raises(ConfigurationError, match=r"choose loss\.class_weights or run\.balanced, not both"):
        TrainingConfig.from_dict(tiny_document(loss=weights, run=balanced))


def test_command_line_overrides_the_file(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text("[run]\nseed = 3\nepochs = 7\n")
    config = TrainingConfig.read(path, {"seed": 11})
    assert (config.run.seed, config.run.epochs) == (11, 7)


@pytest.mark.parametrize(("content", "message"), [
    (b"[run]\nepochs = ", "Invalid value"),
    (b"[run]\nepocs = 3", "epocs"),
    (b"\xff\xfe", "utf-8"),
])  # fmt: skip
def test_broken_file_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "run.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=message) as raised:
        TrainingConfig.read(path)
    assert str(path) in str(raised.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml: .*No such file"):
        TrainingConfig.read(tmp_path / "nowhere.toml")

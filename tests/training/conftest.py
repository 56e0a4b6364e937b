from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.training.folders import write_classes, write_idrid
from training.config import TrainingConfig
from training.data.sources import training_data
from training.fit.trainer import Trainer

SIDE = 32  # px

NETWORK = {
    "preset": "custom", "channels": 3, "height": SIDE, "width": SIDE, "classes": 2, "stem_channels": 8,
    "stage_widths": [8, 8], "stage_depths": [1, 1], "split": 1, "key_depth": 4, "receptive_field": 5,
    "branch_width": 8, "threshold": 0.4,
}  # fmt: skip

MakeConfig = Callable[..., TrainingConfig]


def tiny_document(**changes: dict[str, Any]) -> dict[str, Any]:
    """A run of seconds as TOML would give it; `changes` are keys by table."""
    document: dict[str, Any] = {
        "network": NETWORK,
        "preprocessing": {"mode": "rgb", "height": SIDE, "width": SIDE, "mean": [0.5] * 3, "std": [0.25] * 3},
        "data": {"kind": "own", "labels": ["dark", "bright"], "validation_share": 0.25},
        "augment": {"brightness": 0.1, "contrast": 0.1, "scale": [0.9, 1.1]},
        "loss": {},
        "optim": {"trunk_lr": 1e-2, "branch_lr": 1e-2, "schedule": "cosine"},
        "run": {"epochs": 4, "batch_size": 6},
    }
    return {table: {**document[table], **changes.get(table, {})} for table in document}


@pytest.fixture(scope="session")
def make_config() -> MakeConfig:
    """Build the tiny configuration with some keys changed, by table."""

    def make(**changes: dict[str, Any]) -> TrainingConfig:
        return TrainingConfig.from_dict(tiny_document(**changes))

    return make


@pytest.fixture(scope="session")
def two_classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen dark and sixteen bright images, a folder a class."""
    return write_classes(tmp_path_factory.mktemp("own"), {"dark": 60, "bright": 190})


@pytest.fixture(scope="session")
def alike_classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes that nothing tells apart."""
    return write_classes(tmp_path_factory.mktemp("alike"), {"dark": 128, "bright": 128})


@pytest.fixture
def idrid_root(tmp_path: Path) -> Path:
    """Both splits in the official layout, the test images larger than the training images."""
    write_idrid(tmp_path, "train", {"IDRiD_001": 0, "IDRiD_002": 1, "IDRiD_003": 4, "IDRiD_064": 0})
    write_idrid(tmp_path, "test", {"IDRiD_001": 2, "IDRiD_002": 0, "IDRiD_064": 3}, height=80, width=120)
    return tmp_path


@pytest.fixture(scope="session")
def idrid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve images a split, in three grades."""
    root = tmp_path_factory.mktemp("idrid")
    for split in ("train", "test"):
        write_idrid(root, split, {f"IDRiD_{i:03}": i % 3 for i in range(1, 13)})
    return root


@pytest.fixture(scope="session")
def trained(make_config: MakeConfig, idrid: Path) -> Trainer:
    """A finished run on them; nobody trains it on."""
    config = make_config(data={"kind": "idrid"})
    trainer = Trainer(config, training_data(config, idrid), idrid / "run")
    trainer.run()
    return trainer

"""A training run as one TOML file; unknown keys are refused."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, Self, get_type_hints

from pydantic import TypeAdapter, ValidationError

from model.checkpoint import LoadedCheckpoint
from model.config import Document, NetworkConfig, Preprocessing
from model.errors import CheckpointError, ConfigurationError
from model.presets import PREPROCESSINGS, network_config
from training.fit.augment import AugmentConfig
from training.fit.losses import LossConfig
from training.fit.optim import OptimConfig


@dataclass(frozen=True, kw_only=True)
class DataConfig(Document):
    """Where images come from."""

    kind: Literal["idrid", "defn", "own", "generated-fundus", "generated-magnetogram"] = "idrid"
    validation_share: float = 0.2  # of each class, where there are no folds
    folds: int = 0  # parts of real images, one of which is for validation; 0: none
    fold: int = 0  # which of them
    labels: tuple[str, ...] = ()  # class names, for kind "own"
    count: int = 4000  # images, for the generators
    generated_share: float = 0.0  # of each batch of real photographs: generated ones, drawn from `count`
    clip_gauss: float = 1500.0  # of the levels 0 and 255: magnetograms that are generated or in FITS files

    @property
    def generated(self) -> bool:
        """Whether the images are made, with their masks, and not read."""
        return self.kind.startswith("generated-")


@dataclass(frozen=True, kw_only=True)
class RunConfig(Document):
    """The loop."""

    epochs: int = 100
    batch_size: int = 32
    balanced: bool = False  # batches with as many images of each class, instead of class weights
    patience: int = 6  # validations without a better loss before stopping
    seed: int = 0
    precision: Literal["fp32", "bf16"] = "fp32"  # bf16: autocast, on CPU and CUDA
    channels_last: bool = False  # memory format, for GPUs; on CPU a step in bf16 takes minutes
    compiled: bool = False  # torch.compile: a minute or more of compiling first
    averaging: float = 0.0  # decay of a moving average of the weights, a step; 0: none
    initialise_from: str = ""  # a checkpoint of the same network, its labels aside
    pid_images: int = 0  # positives of the validation part whose PID at m = 16 is taken each epoch; 0: none


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """Everything that decides a run, but the place of the data."""

    network: NetworkConfig
    preprocessing: Preprocessing
    data: DataConfig
    augment: AugmentConfig
    loss: LossConfig
    optim: OptimConfig
    run: RunConfig

    def __post_init__(self) -> None:
        """Refuse values of the wrong type and what contradicts itself.

        Raises:
            ConfigurationError: naming the keys.
        """
        for field in fields(self):
            _check_types(field.name, getattr(self, field.name))
        if wrong := [sentence for holds, sentence in self._rules() if not holds]:
            raise ConfigurationError("; ".join(wrong))

    def _rules(self) -> tuple[tuple[bool, str], ...]:
        classes, weights, run = self.network.classes, self.loss.class_weights, self.run
        labels = len(set(self.data.labels)) if self.data.kind == "own" else 2
        takes = (self.network.channels, self.network.height, self.network.width)
        gives = (self.preprocessing.channels, self.preprocessing.height, self.preprocessing.width)
        real, share = self.data.kind in ("idrid", "own"), self.data.generated_share
        each = classes if run.balanced else 1  # images a batch at least, real and generated
        masked = self.data.kind != "defn" or not self.loss.mask_weight
        return (
            (not (run.balanced and weights), "choose loss.class_weights or run.balanced, not both"),
            (len(weights) in (0, classes), f"loss.class_weights must be {classes} numbers"),
            (classes == labels, f"network.classes is {classes}, the data have {labels} different labels"),
            (takes == gives, f"the network takes {takes}, preprocessing gives {gives}: channels, height, width"),
            (min(run.epochs, run.patience) > 0, "run.epochs and run.patience must be at least 1"),
            (run.batch_size >= each, "run.batch_size is too small"),
            (run.seed >= 0, f"run.seed must not be negative, is {run.seed}"),
            (masked, "loss.mask_weight needs masks, kind 'defn' has none"),
            (self.data.clip_gauss > 0, f"data.clip_gauss must be positive, is {self.data.clip_gauss}"),
            (_is_fold(self.data), f"data.fold must be one of data.folds (2 or more), is {self.data.fold}"),
            (real or not self.data.folds, "data.folds need real images without splits of their own"),
            (run.pid_images >= 0, f"run.pid_images must not be negative, is {run.pid_images}"),
            (0 <= share < 1, f"data.generated_share must be in 0..1, below 1, is {share}"),
            (share == 0 or (real and classes == 2), "data.generated_share needs real photographs of two classes"),
            (share == 0 or each <= share * run.batch_size <= run.batch_size - each, _TOO_FEW),
        )

    @classmethod
    def read(cls, path: Path, overrides: Mapping[str, Any] | None = None) -> Self:
        """Read a TOML file; `overrides` are run keys from the command line.

        Raises:
            ConfigurationError: naming the file and the key.
        """
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
            document["run"] = {**document.get("run", {}), **(overrides or {})}
            return cls.from_dict(document)
        except (OSError, ValueError, ConfigurationError) as error:
            raise ConfigurationError(f"{path}: {error}") from error

    @classmethod
    def of_checkpoint(cls, loaded: LoadedCheckpoint) -> Self:
        """Return what a checkpoint was trained with.

        Raises:
            CheckpointError: its card does not tell, as that of an imported one.
        """
        if "training" not in loaded.card:
            raise CheckpointError("the checkpoint was not trained here: its card has no training configuration")
        return cls.from_dict(loaded.card["training"])

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Build the configuration from the document of a TOML file or of `to_dict`."""
        names = {field.name for field in fields(cls)}
        if unknown := sorted(set(document) - names):
            raise ConfigurationError(f"unknown keys {unknown}; known are {sorted(names)}")
        tables = names - {"preprocessing"}
        if wrong := sorted(name for name in tables & set(document) if not isinstance(document[name], Mapping)):
            raise ConfigurationError(f"{wrong} must be tables")
        network = _network(document.get("network", {}))
        return cls(
            network=network,
            preprocessing=_preprocessing(document.get("preprocessing", "idrid"), network),
            data=DataConfig.from_dict(document.get("data", {})),
            augment=AugmentConfig.from_dict(document.get("augment", {})),
            loss=LossConfig.from_dict(document.get("loss", {})),
            optim=OptimConfig.from_dict(document.get("optim", {})),
            run=RunConfig.from_dict(document.get("run", {})),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, for the checkpoint's card."""
        return {field.name: getattr(self, field.name).to_dict() for field in fields(self)}


def _is_fold(data: DataConfig) -> bool:
    return data.fold == 0 if data.folds == 0 else data.folds > 1 and 0 <= data.fold < data.folds


_TOO_FEW = "run.batch_size is too small for real and generated images of each class in a batch"


def _check_types(name: str, section: Document) -> None:
    for key, hint in get_type_hints(type(section)).items():
        try:
            TypeAdapter(hint).validate_python(getattr(section, key), strict=True)
        except ValidationError as error:
            raise ConfigurationError(f"{name}.{key}: {error.errors()[0]['msg']}") from error


def _network(table: Mapping[str, Any]) -> NetworkConfig:
    if table.get("preset") == "custom":
        return NetworkConfig.from_dict(table)
    changes = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items() if k != "preset"}
    return network_config(table.get("preset", "compact"), **changes)


def _preprocessing(value: str | Mapping[str, Any], network: NetworkConfig) -> Preprocessing:
    """Return what a table says, or what has that name, at the network's size."""
    if isinstance(value, str):
        if value not in PREPROCESSINGS:
            raise ConfigurationError(f"no preprocessing {value!r}; there are {sorted(PREPROCESSINGS)}")
        return replace(PREPROCESSINGS[value], height=network.height, width=network.width)
    return Preprocessing.from_dict(value)

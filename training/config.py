"""Configuration of a training run: a TOML file, or the copy of it in a checkpoint's card."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

from pydantic_core import to_jsonable_python

from model.checkpoint import LoadedCheckpoint
from model.config import NetworkConfig, Preprocessing
from model.errors import CheckpointError, ConfigurationError
from model.presets import PREPROCESSINGS, network_config
from training.sections import AugmentConfig, DataConfig, LossConfig, OptimConfig, RunConfig, read_section

_TOO_FEW = "run.batch_size is too small for real and generated images of each class in a batch"


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """Everything that determines a run except the folder of the data."""

    network: NetworkConfig
    preprocessing: Preprocessing
    data: DataConfig
    augment: AugmentConfig
    loss: LossConfig
    optim: OptimConfig
    run: RunConfig

    def __post_init__(self) -> None:
        """Refuse values that contradict one another.

        Raises:
            ConfigurationError: naming the keys.
        """
        if wrong := [sentence for holds, sentence in self._rules() if not holds]:
            raise ConfigurationError("; ".join(wrong))

    def _rules(self) -> tuple[tuple[bool, str], ...]:
        classes, weights, run = self.network.classes, self.loss.class_weights, self.run
        labels = len(set(self.data.labels)) if self.data.kind == "own" else 2
        takes = (self.network.channels, self.network.height, self.network.width)
        gives = (self.preprocessing.channels, self.preprocessing.height, self.preprocessing.width)
        real, share = self.data.kind in ("idrid", "own"), self.data.generated_share
        each = classes if run.balanced else 1  # fewest images of a batch, real and generated
        masked = self.data.kind != "defn" or not self.loss.mask_weight
        return (
            (not (run.balanced and weights), "choose loss.class_weights or run.balanced, not both"),
            (len(weights) in (0, classes), f"loss.class_weights must be {classes} numbers"),
            (classes == labels, f"network.classes is {classes}, but the data have {labels} different labels"),
            (takes == gives, f"the network takes {takes}, preprocessing gives {gives}: channels, height, width"),
            (run.batch_size >= each, f"run.balanced needs a run.batch_size of {each} or more"),
            (masked, "loss.mask_weight needs masks; data of kind 'defn' have none"),
            (_is_fold(self.data), f"data.fold must be one of data.folds (2 or more), is {self.data.fold}"),
            (real or not self.data.folds, "data.folds need real images without splits of their own"),
            (share == 0 or (real and classes == 2), "data.generated_share needs real photographs of two classes"),
            (share == 0 or each <= share * run.batch_size <= run.batch_size - each, _TOO_FEW),
        )

    @classmethod
    def read(cls, path: Path, overrides: Mapping[str, Any] | None = None) -> Self:
        """Read the TOML file of a single run; `overrides` are keys of its table `run`.

        Raises:
            ConfigurationError: naming the file and the key.
        """
        document = read_toml(path)
        if "stages" in document:
            raise ConfigurationError(f"{path} has stages; this command takes the configuration of a single run")
        try:
            return cls.from_dict(with_run(document, overrides or {}))
        except ConfigurationError as error:
            raise ConfigurationError(f"{path}: {error}") from error

    @classmethod
    def of_checkpoint(cls, loaded: LoadedCheckpoint) -> Self:
        """Return the configuration with which a checkpoint was trained.

        Raises:
            CheckpointError: its card has none, as in imported checkpoints.
        """
        if "training" not in loaded.card:
            raise CheckpointError("the checkpoint was not trained here: its card has no training configuration")
        return cls.from_dict(loaded.card["training"])

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Build the configuration from the document of a TOML file or of `to_dict`.

        Raises:
            ConfigurationError: naming the key.
        """
        names = {field.name for field in fields(cls)}
        if unknown := sorted(set(document) - names):
            raise ConfigurationError(f"unknown keys {unknown}; known keys: {', '.join(sorted(names))}")
        network = _network(document.get("network", {}))
        return cls(
            network=network,
            preprocessing=_preprocessing(document.get("preprocessing", "idrid"), network),
            data=read_section(DataConfig, "data", document.get("data", {})),
            augment=read_section(AugmentConfig, "augment", document.get("augment", {})),
            loss=read_section(LossConfig, "loss", document.get("loss", {})),
            optim=read_section(OptimConfig, "optim", document.get("optim", {})),
            run=read_section(RunConfig, "run", document.get("run", {})),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, for the checkpoint's card."""
        document: dict[str, Any] = to_jsonable_python(self)
        return document

    def changed(self, table: str, **keys: Any) -> Self:
        """Return a copy in which some keys of a table have other values.

        Raises:
            ConfigurationError: naming the key.
        """
        document = self.to_dict()
        return self.from_dict({**document, table: {**document[table], **keys}})


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        ConfigurationError: naming the file.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: {error}") from error


def with_run(document: Mapping[str, Any], keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with some keys of its table `run` replaced."""
    run = document.get("run", {})
    return {**document, "run": {**run, **keys}} if isinstance(run, Mapping) else dict(document)


def _is_fold(data: DataConfig) -> bool:
    return data.fold == 0 if data.folds == 0 else data.folds > 1 and 0 <= data.fold < data.folds


def _network(table: Any) -> NetworkConfig:
    if not isinstance(table, Mapping):
        raise ConfigurationError("network must be a table")
    if table.get("preset") == "custom":
        return NetworkConfig.from_dict(table)
    changes = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items() if k != "preset"}
    return network_config(table.get("preset", "compact"), **changes)


def _preprocessing(value: str | Mapping[str, Any], network: NetworkConfig) -> Preprocessing:
    """Return the preprocessing of a table, or the named one at the network's input size."""
    if isinstance(value, str):
        if value not in PREPROCESSINGS:
            raise ConfigurationError(f"no preprocessing {value!r}; there are {sorted(PREPROCESSINGS)}")
        return replace(PREPROCESSINGS[value], height=network.height, width=network.width)
    return Preprocessing.from_dict(value)

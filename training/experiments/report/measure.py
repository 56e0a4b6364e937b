"""Measurements of a report: each checkpoint's figures on a split and its explanations of chosen images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.checkpoint import LoadedCheckpoint, load_checkpoint
from model.errors import ConfigurationError
from model.evaluation.folder import Item
from model.evaluation.request import EvaluationRequest
from training.config import TrainingConfig
from training.scoring.classification import EvaluationSplit, evaluate
from training.scoring.explained import Explained, explain_items
from training.scoring.explanations import Choice, chosen_items
from training.scoring.held_out import held_out_files

OF_RUN = ("run.seed", "run.initialise_from", "data.fold")  # keys in which runs of one configuration may differ


@dataclass(frozen=True)
class MeasuredRun:
    """A checkpoint with its measurements."""

    path: Path
    loaded: LoadedCheckpoint  # with the preprocessing for the items
    items: tuple[Item, ...]
    figures: dict[str, Any]  # of classification
    explained: dict[str, Explained]  # by protocol

    @property
    def name(self) -> str:
        """Fold of the run, or else its seed."""
        training = self.loaded.card["training"]
        folds = training["data"].get("folds", 0)
        return f"fold {training['data']['fold']}" if folds else f"seed {training['run']['seed']}"


@dataclass(frozen=True, kw_only=True)
class Measurements:
    """Settings of the measurements; existing results in the folder are reused."""

    root: Path | None  # folder of the data set
    split: EvaluationSplit
    requests: Sequence[EvaluationRequest]  # one a protocol
    choice: Choice
    out: Path
    device: str = "cpu"

    def of(self, path: Path) -> MeasuredRun:
        """Measure a checkpoint.

        Raises:
            CheckpointError: not a checkpoint, or one that was not trained here.
            DatasetError: the data cannot be used.
        """
        loaded = load_checkpoint(path, device=self.device)
        config = TrainingConfig.of_checkpoint(loaded)
        figures = evaluate(loaded, config, self.root, self.split)
        images = self.out / "images" / f"{self.split}-seed{config.run.seed}"
        loaded, examples = held_out_files(loaded, self.root, self.split, images, positives=self.choice.positives)
        items = chosen_items(loaded, examples, self.choice)
        folder = self.out / "runs" / loaded.version
        explained: dict[str, Explained] = {
            request.protocol: explain_items(loaded, request, items, folder / f"pid-{request.protocol}")
            for request in self.requests
        }
        return MeasuredRun(path, loaded, tuple(items), figures, explained)


def one_configuration(paths: Sequence[Path]) -> TrainingConfig:
    """Return the configuration of checkpoints that differ only in seeds or folds (that of the first).

    Raises:
        CheckpointError: not a checkpoint, or one that was not trained here.
        ConfigurationError: naming other keys that differ; or a checkpoint was given twice.
    """
    loaded = [load_checkpoint(path) for path in paths]
    if len({each.version for each in loaded}) < len(paths):
        raise ConfigurationError("the same checkpoint was named twice")
    configs = [TrainingConfig.of_checkpoint(each) for each in loaded]
    first = _flat(configs[0])
    for path, config in zip(paths[1:], configs[1:], strict=True):
        if differing := sorted(key for key, value in _flat(config).items() if first[key] != value):
            raise ConfigurationError(
                f"{path} is no run like {paths[0]}: {', '.join(differing)} differ; report it by itself"
            )
    return configs[0]


def _flat(config: TrainingConfig) -> dict[str, Any]:
    flat = {f"{table}.{key}": value for table, values in config.to_dict().items() for key, value in values.items()}
    return {key: value for key, value in flat.items() if key not in OF_RUN}

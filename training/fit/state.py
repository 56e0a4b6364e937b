"""State of a run, written atomically after every epoch so that a killed run can resume."""

from __future__ import annotations

import io
import pickle
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from model.errors import ConfigurationError
from model.runtime.atomic_file import write_whole
from training.config import TrainingConfig
from training.errors import TrainingError
from training.sections import RunConfig


@dataclass(frozen=True, kw_only=True)
class EpochRecord:
    """One line of metrics.csv."""

    epoch: int
    train_loss: float
    validation_loss: float
    validation_auroc: float
    validation_accuracy: float
    attention_coverage: float  # share of cells over θ, on validation
    attention_hits: float | None  # share of masked validation images whose map has its maximum on a lesion
    attention_energy: float | None  # share of the map's sum on lesions over their share of the area; mean
    attention_pid: float | None  # of the first validation positives, at m = 16
    learning_rate: float  # of the trunk
    seconds: float


@dataclass(kw_only=True)
class RunState:
    """Progress of a run."""

    config: dict[str, Any]
    start: str = ""  # version of the checkpoint that the run started from
    epoch: int = 0  # epochs done
    best_loss: float = float("inf")
    best_epoch: int = 0
    history: list[EpochRecord] = field(default_factory=list)
    tensors: dict[str, Any] = field(default_factory=dict)  # state dicts by name

    @property
    def best(self) -> EpochRecord:
        """Epoch with the lowest validation loss."""
        return self.history[self.best_epoch - 1]

    @property
    def waited(self) -> int:
        """Epochs since the best one."""
        return self.epoch - self.best_epoch

    def finished(self, run: RunConfig) -> bool:
        """Whether the last epoch is done, or early stopping has ended the run."""
        return self.epoch >= run.epochs or self.waited >= run.patience

    def save(self, path: Path) -> None:
        """Write the state atomically."""
        content = io.BytesIO()
        torch.save(asdict(self), content)
        write_whole(path, content.getvalue())

    @classmethod
    def load(cls, path: Path, config: TrainingConfig, start: str = "") -> RunState:
        """Read the state of a run with the same configuration and start checkpoint.

        Raises:
            TrainingError: the file is damaged, or belongs to another run.
        """
        try:
            document = torch.load(path, map_location="cpu", weights_only=True)
            history = [EpochRecord(**record) for record in document["history"]]
            state = cls(**{**document, "history": history})
            same = TrainingConfig.from_dict(state.config) == config
        except (pickle.UnpicklingError, EOFError, LookupError, RuntimeError, TypeError, ValueError) as error:
            raise TrainingError(f"{path} is damaged; delete it to start the run again") from error
        except ConfigurationError:
            same = False
        if not same:
            raise TrainingError(f"{path.parent} holds a run of another configuration; choose another --out")
        if state.start and state.start != start:
            raise TrainingError(
                f"{path.parent} holds a run that started from another checkpoint; delete it to repeat"
            )
        return state

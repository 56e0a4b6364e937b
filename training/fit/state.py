"""What a run needs to go on after a kill: written at once or not at all, after every epoch."""

from __future__ import annotations

import io
import pickle
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from model.runtime.atomic_file import write_whole
from training.errors import TrainingError


@dataclass(frozen=True, kw_only=True)
class EpochRecord:
    """One line of metrics.csv."""

    epoch: int
    train_loss: float
    validation_loss: float
    validation_auroc: float
    validation_accuracy: float
    attention_coverage: float  # share of cells over θ, on validation
    attention_hits: float | None  # share of masked validation images whose map's maximum lies on a lesion
    attention_energy: float | None  # the map's share on lesions, over the lesions' share of the area: mean of these
    attention_pid: float | None  # of some validation positives, at m = 16
    learning_rate: float  # of the trunk
    seconds: float


@dataclass(kw_only=True)
class RunState:
    """Where a run stands."""

    config: dict[str, Any]
    epoch: int = 0  # epochs done
    best_loss: float = float("inf")
    best_epoch: int = 0
    history: list[EpochRecord] = field(default_factory=list)
    tensors: dict[str, Any] = field(default_factory=dict)  # state dicts by name

    @property
    def waited(self) -> int:
        """Epochs since the best one."""
        return self.epoch - self.best_epoch

    def save(self, path: Path) -> None:
        """Write the state; a kill leaves the old one or the new one."""
        content = io.BytesIO()
        torch.save(asdict(self), content)
        write_whole(path, content.getvalue())

    @classmethod
    def load(cls, path: Path, config: dict[str, Any]) -> RunState:
        """Read the state of a run with the same configuration.

        Raises:
            TrainingError: the file is damaged, or of a run of another configuration.
        """
        try:
            document = torch.load(path, map_location="cpu", weights_only=True)
            history = [EpochRecord(**record) for record in document["history"]]
            state = cls(**{**document, "history": history})
        except (pickle.UnpicklingError, EOFError, LookupError, RuntimeError, TypeError, ValueError) as error:
            raise TrainingError(f"{path} is damaged; without it the run begins again") from error
        if state.config != config:
            raise TrainingError(f"{path.parent} holds a run of another configuration; choose another --out")
        return state

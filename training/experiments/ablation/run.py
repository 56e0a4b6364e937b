"""Runs of an ablation, one after the other: trained, measured, result written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from model.checkpoint import checkpoint_version, load_checkpoint
from model.evaluation.request import EvaluationRequest
from model.evaluation.tables.scores import Document
from model.runtime.atomic_file import write_whole
from training.config import TrainingConfig
from training.data.sources import TrainingData, training_data
from training.errors import DatasetError
from training.experiments.ablation.variations import Variation
from training.fit.trainer import Trainer
from training.scoring.classification import evaluate
from training.scoring.explained import explain_items
from training.scoring.explanations import Choice, chosen_items
from training.scoring.held_out import held_out_files

RESULT = "result.json"  # marks a finished run


@dataclass(frozen=True)
class RunResult:
    """Result of a variation with one seed, on its validation images."""

    variation: str  # its name
    seed: int
    checkpoint: str  # version
    best_epoch: int
    figures: dict[str, Any]  # of classification
    explained: dict[str, list[Document]]  # by protocol


@dataclass(frozen=True, kw_only=True)
class Ablation:
    """An ablation in a folder: `NAME/seedN/` per run, with a result.json when it is finished."""

    variations: Sequence[Variation]
    seeds: Sequence[int]
    root: Path | None  # folder of the data set
    out: Path
    requests: Sequence[EvaluationRequest]  # one a protocol
    choice: Choice
    device: str = "cpu"

    def results(self) -> Iterator[RunResult]:
        """Yield the results seed by seed, the base's first; existing results are reused.

        Raises:
            TrainingError: the data cannot be used, a run diverged, or a folder holds another run.
            CheckpointError: a run cannot start from the checkpoint in its configuration.
        """
        if self.variations[0].config.network.classes != 2:
            raise DatasetError("an ablation compares figures of two classes")
        data = lru_cache(maxsize=1)(self._data)
        for seed in self.seeds:
            for variation in self.variations:
                config = variation.config.changed("run", seed=seed)
                folder = self.out / variation.name / f"seed{seed}"
                found = self._known(config, folder)
                if found is None:
                    trainer = Trainer(config, data(seed), folder, device=self.device)
                    trainer.run()
                    found = self._measured(trainer, config, folder)
                yield RunResult(variation=variation.name, seed=seed, **found)

    def _data(self, seed: int) -> TrainingData:
        """Load the images of a seed, the same for all variations."""
        return training_data(self.variations[0].config.changed("run", seed=seed), self.root)

    def _measured(self, trainer: Trainer, config: TrainingConfig, folder: Path) -> dict[str, Any]:
        loaded = load_checkpoint(trainer.checkpoint, device=self.device)
        figures = evaluate(loaded, config, self.root, "validation")
        images = self.out / "validation" / f"seed{config.run.seed}"
        loaded, examples = held_out_files(loaded, self.root, "validation", images, positives=self.choice.positives)
        items = chosen_items(loaded, examples, self.choice)
        explained = {
            request.protocol: explain_items(loaded, request, items, folder / f"pid-{request.protocol}").documents
            for request in self.requests
        }
        found = {
            "checkpoint": loaded.version,
            "best_epoch": trainer.best.epoch,
            "figures": figures,
            "explained": explained,
        }
        document = {"config": config.to_dict(), "asked": self._asked(), **found}
        write_whole(folder / RESULT, json.dumps(document, ensure_ascii=False).encode())
        return found

    def _known(self, config: TrainingConfig, folder: Path) -> dict[str, Any] | None:
        """Return the existing result of the same configuration, request and checkpoint."""
        try:
            document: dict[str, Any] = json.loads((folder / RESULT).read_text(encoding="utf-8"))
            config_found, asked = document.pop("config"), document.pop("asked")
            version = checkpoint_version(folder / "checkpoint.safetensors")
        except (OSError, ValueError, KeyError):
            return None
        same = (config_found, asked, document["checkpoint"]) == (config.to_dict(), self._asked(), version)
        return document if same else None

    def _asked(self) -> dict[str, Any]:
        """Return the requests and the choice of images as JSON types."""
        return {"requests": [request.to_dict() for request in self.requests], "choice": asdict(self.choice)}

"""Runs the stages of a recipe one after the other; finished stages are skipped, an interrupted one resumes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from model.checkpoint import checkpoint_version
from training.config import TrainingConfig
from training.data.sources import training_data
from training.fit.distributed import ALONE, Processes
from training.fit.state import EpochRecord, RunState
from training.fit.trainer import CHECKPOINT, STATE, Trainer
from training.recipe import Recipe


@dataclass(frozen=True)
class StageResult:
    """Outcome of a stage."""

    name: str  # empty in a recipe of a single run
    best: EpochRecord
    checkpoint: Path


def run_stages(
    recipe: Recipe, root: Path | None, out: Path, *, device: str = "cpu", processes: Processes = ALONE
) -> Iterator[StageResult]:
    """Yield the result of each stage as soon as it is there.

    Args:
        recipe: its stages run in the folder `out/NAME`, that of a single run is `out` itself.
        root: folder of the data set; generated images need none.
        out: folder of the run.
        device: of this process.
        processes: that train together.

    Raises:
        TrainingError: the data cannot be used, a stage diverged, or a folder holds another run.
        CheckpointError: a stage cannot start from its checkpoint.
    """
    start = ""
    for stage in recipe.stages:
        config = stage.config.changed("run", initialise_from=start) if start else stage.config
        folder = out / stage.name
        best = finished_run(config, folder)
        if best is None:
            data = training_data(config, root)
            trainer = Trainer(config, data, folder, device=device, processes=processes)
            trainer.run()
            best = trainer.best
        start = str(folder / CHECKPOINT)
        processes.wait()  # until the first has written the checkpoint
        yield StageResult(stage.name, best, folder / CHECKPOINT)


def finished_run(config: TrainingConfig, folder: Path) -> EpochRecord | None:
    """Return the best epoch of a finished run; None if it is not finished.

    Raises:
        TrainingError: the folder holds a run of another configuration or start checkpoint.
        CheckpointError: the start checkpoint is missing.
    """
    if not (folder / STATE).exists() or not (folder / CHECKPOINT).exists():
        return None
    source = config.run.initialise_from
    state = RunState.load(folder / STATE, config, checkpoint_version(Path(source)) if source else "")
    return state.best if state.finished(config.run) else None

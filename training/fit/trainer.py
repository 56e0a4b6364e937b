"""Training loop: epochs, validation, checkpoint of the best epoch, resume after a kill."""

from __future__ import annotations

import math
import time
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from model.checkpoint import LoadedCheckpoint, save_checkpoint
from model.errors import NonFiniteOutput
from model.images.familiarity import InputStatistics, input_statistics
from model.metrics.classification import macro_auroc
from model.network import LabnOutput, LambdaAbn
from training.config import TrainingConfig
from training.data.images import LabelledImages
from training.data.sources import TrainingData
from training.errors import Diverged
from training.fit.augment import resize
from training.fit.batches import attention_target, epoch_batches, epoch_steps
from training.fit.distributed import ALONE, Processes
from training.fit.faithfulness import attention_pid
from training.fit.initialise import initialise
from training.fit.localisation import localisation_record
from training.fit.losses import labn_loss
from training.fit.optim import make_optimizer, make_schedule
from training.fit.record import code_revision, write_record
from training.fit.state import EpochRecord, RunState
from training.fit.step import Step, memory_format
from training.fit.sync_batch_norm import share_norms
from training.split import Split, split_of

VALIDATION_BATCH = 32
STATISTICS_IMAGES = 500  # training images whose statistics tell whether an input is unusual
CHECKPOINT, STATE = "checkpoint.safetensors", "state.pt"


class Stateful(Protocol):
    """Object with a torch state dict."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state as tensors and numbers."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> object:
        """Restore the state."""


class Trainer:
    """A run in a folder: checkpoint.safetensors (best epoch so far), state.pt, metrics.csv, curves.png."""

    def __init__(
        self,
        config: TrainingConfig,
        data: TrainingData,
        out: Path,
        *,
        device: str = "cpu",
        processes: Processes = ALONE,
    ) -> None:
        torch.manual_seed(config.run.seed)
        self.processes = processes
        self.config, self.data, self.out, self.device = config, data, out, torch.device(device)
        self.network = LambdaAbn(config.network)
        self.start = initialise(self.network, config)
        self.network.to(self.device, memory_format=memory_format(config.run))  # type: ignore[call-overload]  # torch's
        if processes.count > 1:
            share_norms(self.network)
        self.averaged = AveragedModel(
            self.network, multi_avg_fn=get_ema_multi_avg_fn(config.run.averaging), use_buffers=True
        )
        self.optimizer = make_optimizer(self.network, config.optim)
        self.schedule = make_schedule(self.optimizer, config.optim, config.run.epochs)
        self.step = Step(self.network, self.optimizer, config, self.device, processes)
        self.state = RunState(config=config.to_dict(), start=self.start.version)

    @property
    def scored(self) -> LambdaAbn:
        """Network that is validated and saved: the moving average if there is one."""
        network = self.averaged.module if self.config.run.averaging else self.network
        assert isinstance(network, LambdaAbn)
        return network

    @property
    def checkpoint(self) -> Path:
        """File of the best epoch so far."""
        return self.out / CHECKPOINT

    @property
    def best(self) -> EpochRecord:
        """Epoch with the lowest validation loss so far."""
        return self.state.best

    def run(self) -> None:
        """Train, or resume, until the last epoch or early stopping.

        Raises:
            Diverged: the loss is no longer finite.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        self.resume()
        with tqdm(
            total=self.config.run.epochs,
            initial=self.state.epoch,
            desc=self.out.name,
            unit="epoch",
            disable=not self.processes.first,
        ) as bar:
            while not self.state.finished(self.config.run):
                record = self.train_epoch()
                bar.set_postfix(loss=record.validation_loss, auroc=record.validation_auroc)
                bar.update()
        if self.processes.first:
            write_record(self.out, self.state.history, picture=True)

    def resume(self) -> None:
        """Restore the state that an earlier run of the same configuration left in the folder."""
        path = self.out / STATE
        if not path.exists():
            return
        self.state = RunState.load(path, self.config, self.start.version)
        for name, part in self._parts().items():
            part.load_state_dict(self.state.tensors[name])

    def train_epoch(self) -> EpochRecord:
        """Train one epoch, validate, save the network if it is the best so far, write the state."""
        started = time.perf_counter()
        learning_rate = self.optimizer.param_groups[1]["lr"]
        train_loss = self._train()
        validation = self.data.validation
        try:
            output, loss = self.validate(validation)
            pid = self._pid()
        except NonFiniteOutput as error:
            raise Diverged(f"validation of epoch {self.state.epoch + 1}: {error}") from error
        labels = validation.labels.numpy()
        probabilities = output.logits.double().softmax(1).numpy()
        record = EpochRecord(
            epoch=self.state.epoch + 1,
            train_loss=train_loss,
            validation_loss=self._finite(self.processes.agreed(loss, self.device)),
            validation_auroc=macro_auroc(labels, probabilities),
            validation_accuracy=float((probabilities.argmax(1) == labels).mean()),
            attention_coverage=float((output.attention > self.config.network.threshold).float().mean()),
            **localisation_record(output.attention, validation),
            attention_pid=pid,
            learning_rate=learning_rate,
            seconds=time.perf_counter() - started,
        )
        self._finish_epoch(record)
        return record

    @torch.inference_mode()
    def validate(self, images: LabelledImages) -> tuple[LabnOutput, float]:
        """Return the scored network's outputs for images, on the CPU, and the mean loss."""
        network = self.scored.eval()
        parts = [network(batch.to(self.device)) for batch in images.images.split(VALIDATION_BATCH)]
        output = LabnOutput(*(torch.cat(tensors).cpu() for tensors in zip(*parts, strict=True)))
        masks = images.masks
        target = None if masks is None else attention_target(masks.float(), output.attention.shape)
        return output, float(labn_loss(output, images.labels, self.config.loss, target, images.known))

    def _train(self) -> float:
        self.network.train()
        losses: list[float] = []
        steps = epoch_steps(self.data.training, self.config)
        batches = epoch_batches(
            self.data.training, self.config, self.state.epoch, self.data.generated, self.processes
        )
        title = f"epoch {self.state.epoch + 1}"
        for batch in tqdm(batches, total=steps, desc=title, leave=False, disable=not self.processes.first):
            loss = self.step.loss(batch)
            losses.append(self._finite(float(loss.detach())))
            self.step.update(loss)
            self.averaged.update_parameters(self.network)
        return float(np.mean(losses))

    def _pid(self) -> float | None:
        if not self.config.run.pid_images or not self.processes.first:
            return None
        loaded = LoadedCheckpoint(
            network=self.scored.folded(),
            config=self.config.network,
            preprocessing=self.config.preprocessing,
            labels=self.data.labels,
            card={},
            statistics=None,
            version=f"epoch {self.state.epoch + 1}",
        )
        return attention_pid(loaded, self.data.validation, self.config.run.pid_images)

    def _finite(self, loss: float) -> float:
        if not math.isfinite(loss):
            raise Diverged(f"the loss is {loss} in epoch {self.state.epoch + 1}: lower the learning rate")
        return loss

    def _finish_epoch(self, record: EpochRecord) -> None:
        if isinstance(self.schedule, ReduceLROnPlateau):
            self.schedule.step(record.validation_loss)
        else:
            self.schedule.step()
        state = self.state
        state.epoch += 1
        state.history.append(record)
        better = record.validation_loss < state.best_loss
        if better:
            state.best_loss, state.best_epoch = record.validation_loss, state.epoch
        if self.processes.first:
            self._write(record if better else None)

    def _write(self, best: EpochRecord | None) -> None:
        """Write the checkpoint if `best` is given, then the state and metrics.csv."""
        state = self.state
        if best is not None:
            self._save_checkpoint(best)
        state.tensors = {name: part.state_dict() for name, part in self._parts().items()}
        state.save(self.out / STATE)
        write_record(self.out, state.history)

    @cached_property
    def _statistics(self) -> InputStatistics:
        size = (self.config.preprocessing.height, self.config.preprocessing.width)
        images = self.data.training.images
        images = images[:: max(1, len(images) // STATISTICS_IMAGES)]
        return input_statistics(torch.cat([resize(part.float() / 255, size) for part in images.split(1)]))

    def _save_checkpoint(self, record: EpochRecord) -> None:
        save_checkpoint(
            self.checkpoint,
            self.scored,
            preprocessing=self.config.preprocessing,
            labels=self.data.labels,
            statistics=self._statistics,
            card={
                "training": self.config.to_dict(),
                "data": self.data.description,
                "splits": self._splits(),
                "seed": self.config.run.seed,
                "code_revision": code_revision(),
                "epoch": record.epoch,
                "validation": {"loss": record.validation_loss, "auroc": record.validation_auroc},
            },
        )

    def _splits(self) -> list[Split]:
        """Return the splits of real images that this network and those it started from were trained on."""
        own = split_of(self.config)
        splits = list(self.start.splits)
        return [*splits, own] if own and own not in splits else splits

    def _parts(self) -> dict[str, Stateful]:
        return {
            "network": self.network,
            "averaged": self.averaged,
            "optimizer": self.optimizer,
            "schedule": self.schedule,
        }

"""Training step: forward pass in the run's precision, loss of the whole batch, update of the weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim import AdamW

from model.network import LabnOutput, LambdaAbn
from training.config import TrainingConfig
from training.fit.batches import Batch, attention_target
from training.fit.distributed import Processes
from training.fit.losses import labn_loss
from training.sections import RunConfig

Forward = Callable[[Tensor], LabnOutput]


class Step:
    """Computes a batch's loss and updates the weights."""

    def __init__(
        self,
        network: LambdaAbn,
        optimizer: AdamW,
        config: TrainingConfig,
        device: torch.device,
        processes: Processes,
    ) -> None:
        self.config, self.device, self.processes = config, device, processes
        self.optimizer = optimizer
        self.forward = forward_of(network, config.run, processes)

    def loss(self, batch: Batch) -> Tensor:
        """Return the loss of the batch, of which each process has a part: the same scalar in all processes."""
        output = self._output(batch.images)
        targets = self._targets(batch, output.attention.shape)
        logits, branch_logits, attention, labels, *targets = self.processes.together(*output, *targets)
        masks, known = targets or (None, None)
        whole = LabnOutput(logits, branch_logits, attention)
        return labn_loss(whole, labels, self.config.loss, masks, None if known is None else known > 0)

    def update(self, loss: Tensor) -> None:
        """Update the weights."""
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()

    def _output(self, images: Tensor) -> LabnOutput:
        images = images.to(self.device, memory_format=memory_format(self.config.run), non_blocking=True)
        bf16 = self.config.run.precision == "bf16"
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=bf16):
            output = self.forward(images)
        return LabnOutput(*(tensor.float() for tensor in output))

    def _targets(self, batch: Batch, size: torch.Size) -> list[Tensor]:
        """Return labels and, if there are masks, masks and whether they are known: one row per image."""
        targets = [batch.labels]
        if batch.masks is not None and batch.known is not None:
            targets += [attention_target(batch.masks, size), batch.known.to(torch.int64)]
        return [target.to(self.device) for target in targets]


def forward_of(network: LambdaAbn, run: RunConfig, processes: Processes) -> Forward:
    """Return the network for training: data parallel and compiled as configured."""
    forward: nn.Module = network
    if processes.count > 1:
        forward = DistributedDataParallel(network, broadcast_buffers=False)  # shared norms keep buffers equal
    if run.compiled:
        forward = cast(nn.Module, torch.compile(forward))
    return cast(Forward, forward)


def memory_format(run: RunConfig) -> torch.memory_format:
    """Return the memory format of images and weights."""
    return torch.channels_last if run.channels_last else torch.contiguous_format

"""AdamW with the parameter groups of the paper's Table 1, and learning rate schedules."""

from __future__ import annotations

import math

from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from model.network import LambdaAbn
from training.sections import OptimConfig

Schedule = LambdaLR | ReduceLROnPlateau


def make_optimizer(network: LambdaAbn, config: OptimConfig) -> AdamW:
    """Return AdamW with two parameter groups: branch and linear layer; everything else."""
    fast = [*network.branch.parameters(), *network.classify.parameters()]
    slow = [p for part in (network.stem, network.before, network.after) for p in part.parameters()]
    groups = [{"params": fast, "lr": config.branch_lr}, {"params": slow, "lr": config.trunk_lr}]
    return AdamW(groups, weight_decay=config.weight_decay)


def make_schedule(optimizer: AdamW, config: OptimConfig, epochs: int) -> Schedule:
    """Return the schedule, stepped once per epoch (the plateau schedule with the validation loss)."""
    if config.schedule == "plateau":
        return ReduceLROnPlateau(
            optimizer,
            factor=config.plateau_factor,
            patience=config.plateau_patience,
            min_lr=config.min_lr,
        )

    def share(epoch: int) -> float:
        if epoch < config.warmup_epochs:
            return (epoch + 1) / (config.warmup_epochs + 1)
        done = (epoch - config.warmup_epochs) / max(1, epochs - config.warmup_epochs)
        return 0.5 * (1 + math.cos(math.pi * min(1.0, done)))

    return LambdaLR(optimizer, share)

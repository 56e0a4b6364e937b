"""Data parallel training: processes started by torchrun share each batch and compute one loss.

Every process draws the random numbers of the whole batch and prepares its own images, batch norms use all images,
and outputs are gathered before the loss. So one process and several give the same curve with any loss.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, distributed

from model.errors import ConfigurationError


@dataclass(frozen=True)
class Processes:
    """Rank of this process and number of processes that train together."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this process writes files and prints."""
        return self.rank == 0

    def part(self, n: int) -> slice:
        """Return this process's part of a batch of n images; parts differ by at most one image.

        Raises:
            ConfigurationError: there are fewer images than processes.
        """
        if n < self.count:
            raise ConfigurationError(
                f"{self.count} processes cannot share {n} images of a batch: choose another run.batch_size"
            )
        return slice(n * self.rank // self.count, n * (self.rank + 1) // self.count)

    def together(self, *parts: Tensor) -> tuple[Tensor, ...]:
        """Concatenate the rows (n, ...) of all processes to (N, ...), with gradients."""
        if self.count == 1:
            return parts
        sizes = torch.zeros(self.count, dtype=torch.int64, device=parts[0].device)
        sizes[self.rank] = len(parts[0])
        distributed.all_reduce(sizes)
        before, behind = int(sizes[: self.rank].sum()), int(sizes[self.rank + 1 :].sum())
        return tuple(sum_over_processes(_among_zeros(part, before, behind)) for part in parts)

    def wait(self) -> None:
        """Block until all processes have arrived here."""
        if self.count > 1:
            distributed.barrier()

    def agreed(self, value: float, device: torch.device) -> float:
        """Return the first process's value, so that all processes decide alike."""
        if self.count == 1:
            return value
        tensor = torch.tensor(value, dtype=torch.float64, device=device)
        distributed.broadcast(tensor, src=0)
        return float(tensor)


ALONE = Processes()


@contextmanager
def joined_processes(device: str) -> Iterator[tuple[Processes, str]]:
    """Join the process group if torchrun started this process; yield its rank and its device."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        yield ALONE, device
        return
    if device == "cuda":
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    distributed.init_process_group("gloo" if device == "cpu" else "nccl")
    try:
        yield Processes(distributed.get_rank(), distributed.get_world_size()), device
    finally:
        distributed.destroy_process_group()


def sum_over_processes(tensor: Tensor) -> Tensor:
    """Sum the tensors of all processes; gradients are summed likewise."""
    summed: Tensor = _Sum.apply(tensor)  # type: ignore[no-untyped-call]  # torch's own signature has no types
    return summed


class _Sum(torch.autograd.Function):
    @staticmethod
    def forward(_: Any, tensor: Tensor) -> Tensor:
        summed = tensor.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(summed)
        return summed

    @staticmethod
    def backward(_: Any, gradient: Tensor) -> Tensor:
        return _Sum.forward(_, gradient)


def _among_zeros(part: Tensor, before: int, behind: int) -> Tensor:
    """Pad (n, ...) with rows of zeros to (before + n + behind, ...)."""
    return F.pad(part, [0, 0] * (part.ndim - 1) + [before, behind])

"""Batch norm over the images of all processes; torch's own SyncBatchNorm does not run on a CPU."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from training.fit.distributed import sum_over_processes


class SharedBatchNorm2d(nn.BatchNorm2d):
    """BatchNorm2d over the images of all processes in training; plain BatchNorm2d in evaluation."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x (N, C, H, W); N may differ between processes."""
        if not self.training:
            return super().forward(x)
        wide = x.float()
        count = wide.new_tensor([wide.numel() / wide.shape[1]])
        sums = sum_over_processes(torch.cat([wide.sum(dim=(0, 2, 3)), count]))
        mean = (sums[:-1] / sums[-1]).view(-1, 1, 1)
        spread = sum_over_processes((wide - mean).square().sum(dim=(0, 2, 3)))
        variance = (spread / sums[-1]).view(-1, 1, 1)
        self._remember(mean.detach().flatten(), spread.detach() / (sums[-1] - 1))
        scale = self.weight.view(-1, 1, 1) * torch.rsqrt(variance + self.eps)
        return ((wide - mean) * scale + self.bias.view(-1, 1, 1)).to(x.dtype)

    def _remember(self, mean: Tensor, unbiased_variance: Tensor) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(unbiased_variance, self.momentum)
        self.num_batches_tracked.add_(1)


def share_norms(module: nn.Module) -> None:
    """Replace every batch norm by a shared one with its weights and statistics."""
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d):
            shared = SharedBatchNorm2d(child.num_features, eps=child.eps, momentum=child.momentum)
            shared.load_state_dict(child.state_dict())
            setattr(module, name, shared)
        else:
            share_norms(child)

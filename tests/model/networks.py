"""Small networks with running statistics like trained ones."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import torch
from torch import nn

from model.config import NetworkConfig
from model.network import LambdaAbn

Network = TypeVar("Network", bound=nn.Module)
LAST_NORM = r"expand\.norm$|\d\.bn3$"  # of a bottleneck: ours, published
SMALL = NetworkConfig(
    channels=3, height=32, width=32, classes=2, stem_channels=8, stage_widths=(8, 12), stage_depths=(2, 1), split=1,
    heads=2, key_depth=4, receptive_field=5, branch_width=8, threshold=0.5,
)  # fmt: skip


def settle(network: Network, *image_shape: int, seed: int = 0) -> Network:
    """Give a network norms and running statistics like those of a trained one; return it in evaluation mode.

    The last norm of a residual block stays small, as training leaves it: else a lambda layer's products grow
    from block to block.
    """
    generator = torch.Generator().manual_seed(seed)
    for name, module in network.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the plain mean over all passes
            gain = 0.1 if re.search(LAST_NORM, name) else 1.0
            nn.init.uniform_(module.weight, 0.5 * gain, 1.5 * gain, generator=generator)
            nn.init.normal_(module.bias, 0.0, 0.2, generator=generator)
    network.train()
    with torch.no_grad():
        for _ in range(3):
            network(torch.randn(8, *image_shape, generator=generator))
    return network.eval()


def small_network(seed: int = 0, **changes: Any) -> LambdaAbn:
    """Build and settle a LABN of three bottlenecks; `changes` are fields of its configuration."""
    config = NetworkConfig.from_dict(SMALL.to_dict() | changes)
    torch.manual_seed(seed)
    return settle(LambdaAbn(config), config.channels, config.height, config.width, seed=seed)


def images(count: int, *, channels: int = 3, height: int = 32, width: int = 32, seed: int = 1) -> torch.Tensor:
    """Draw normalised images (N, C, H, W)."""
    return torch.randn(count, channels, height, width, generator=torch.Generator().manual_seed(seed))

"""The "Lambda attention" of the paper's Table 2: λcᵀ Q of one bottleneck, averaged over heads and channels."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from model.errors import ConfigurationError
from model.explain.explainer import upsample
from model.layers.resnet import NormedLambda
from model.network import LambdaAbn


@dataclass(frozen=True)
class LambdaAttention:
    """The content part of one lambda layer; by default the last before the branch, else the first."""

    bottleneck: int | None = None  # 0..N_B-1

    @torch.no_grad()
    def __call__(self, network: LambdaAbn, images: Tensor, targets: Tensor) -> Tensor:  # noqa: ARG002
        """Return the averaged output, unscaled (N, H, W); `targets` make no difference."""
        return upsample(self.maps(network, images), images)

    def maps(self, network: LambdaAbn, images: Tensor) -> Tensor:
        """Return the averaged output at the layer's own resolution (N, h, w), before its pool.

        Raises:
            ConfigurationError: the network has no such bottleneck.
        """
        blocks = network.bottlenecks()
        place = max(network.config.split - 1, 0) if self.bottleneck is None else self.bottleneck
        if not 0 <= place < len(blocks):
            raise ConfigurationError(f"no bottleneck {place}; there are 0..{len(blocks) - 1}")
        block = blocks[place]
        assert isinstance(block.spatial, NormedLambda)
        x = block.reduce(network.entering(images, place)).relu()
        return block.spatial.layer.content_output(x).mean(dim=(1, 2))

"""The edge detector of Adebayo et al., "Sanity Checks for Saliency Maps" (NeurIPS 2018): ignores the network.

A method whose maps look or score like these tells of the image, not of what the network made of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from model.network import LambdaAbn


@dataclass(frozen=True)
class Edges:
    """Sobel's gradient magnitude, averaged over the channels."""

    def __call__(self, network: LambdaAbn, images: Tensor, targets: Tensor) -> Tensor:  # noqa: ARG002
        """Return magnitudes >= 0 (N, H, W); borders are copied outwards, so they are no edges."""
        n, c, height, width = images.shape
        across = images.new_tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8
        kernels = torch.stack([across, across.T]).unsqueeze(1)  # (2, 1, 3, 3)
        padded = F.pad(images.detach(), (1, 1, 1, 1), mode="replicate")
        gradients = F.conv2d(padded.reshape(n * c, 1, height + 2, width + 2), kernels)  # (N*C, 2, H, W)
        magnitudes: Tensor = torch.linalg.vector_norm(gradients, dim=1)
        return magnitudes.reshape(n, c, height, width).mean(dim=1)

"""LABN's own explanation: the attention map α of eq. (2), which gates the features; one for all classes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from model.explain.explainer import upsample
from model.network import LambdaAbn


@dataclass(frozen=True)
class Attention:
    """The attention branch's map."""

    @torch.no_grad()
    def __call__(self, network: LambdaAbn, images: Tensor, targets: Tensor) -> Tensor:  # noqa: ARG002
        """Return α in 0..1 (N, H, W); `targets` make no difference."""
        return upsample(network(images).attention.squeeze(1), images)

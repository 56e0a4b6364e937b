"""Convolution with batch norm before or after it; the norm is folded into the convolution for inference."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


class ConvNorm(nn.Module):
    """A convolution without bias, then a batch norm: (N, C, H, W) -> (N, C', H', W')."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, *, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, then normalise."""
        return cast(Tensor, self.norm(self.conv(x)))

    def fold(self) -> None:
        """Fold the norm into the convolution, for evaluation only; outputs stay the same."""
        if isinstance(self.norm, nn.BatchNorm2d):
            self.conv = fuse_conv_bn_eval(self.conv, self.norm)
            self.norm = nn.Identity()


class NormConv(nn.Module):
    """A batch norm, then a 1x1 convolution without bias: (N, C, H, W) -> (N, C', H, W)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.norm: nn.Module = nn.BatchNorm2d(inputs)
        self.conv = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise, then convolve."""
        return cast(Tensor, self.conv(self.norm(x)))

    def fold(self) -> None:
        """Fold the norm into the convolution, for evaluation only; outputs stay the same."""
        if isinstance(self.norm, nn.BatchNorm2d):
            scale, shift = norm_scale_and_shift(self.norm)
            weight = self.conv.weight
            self.conv.bias = nn.Parameter(torch.einsum("oiyx,i->o", weight, shift))
            self.conv.weight = nn.Parameter(weight * scale.view(1, -1, 1, 1))
            self.norm = nn.Identity()


def norm_scale_and_shift(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Return scale a and shift b, each (C,), of a batch norm in evaluation mode: a * x + b."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight.detach() / torch.sqrt(norm.running_var + norm.eps)
    return scale, norm.bias.detach() - norm.running_mean * scale

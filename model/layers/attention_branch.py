"""Lambda attention branch (LAB): its own class logits and the attention map that gates the features."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.config import NetworkConfig
from model.layers.conv_norm import ConvNorm, NormConv
from model.layers.resnet import Bottleneck, conv_bottleneck, lambda_bottleneck

MAP_CHANNELS = 10  # width of the branch's last maps in the published networks, whatever the class count


class AttentionBranch(nn.Module):
    """Bottlenecks followed by a class head and an attention head that share their input."""

    def __init__(self, config: NetworkConfig, inputs: int) -> None:
        super().__init__()
        outputs = config.branch_width * 4
        channels = [inputs] + [outputs] * config.branch_depth
        self.blocks = nn.Sequential(*(_block(config, before, outputs) for before in channels[:-1]))
        self.reduce = NormConv(channels[-1], MAP_CHANNELS)
        self.classify = nn.Conv2d(MAP_CHANNELS, config.classes, 1, bias=False)
        self.attend = ConvNorm(MAP_CHANNELS, MAP_CHANNELS)
        self.attention = ConvNorm(MAP_CHANNELS, 1)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Map features (N, C, h, w) to branch logits (N, classes) and attention (N, 1, h, w) in 0..1."""
        maps = F.relu_(self.reduce(self.blocks(features)))  # (N, 10, h, w)
        logits = self.classify(maps).mean(dim=(2, 3))
        attention = torch.sigmoid(self.attention(F.relu_(self.attend(maps))))
        return logits, attention


def _block(config: NetworkConfig, inputs: int, outputs: int) -> Bottleneck:
    if config.branch_block == "lambda":
        return lambda_bottleneck(config, inputs, config.branch_width, outputs)
    return conv_bottleneck(inputs, config.branch_width, outputs)

"""Parts of a lambda ResNet: stem, bottlenecks and the position of each bottleneck."""

from __future__ import annotations

from typing import NamedTuple, cast

import torch.nn.functional as F
from torch import Tensor, nn

from model.config import NetworkConfig
from model.layers.conv_norm import ConvNorm
from model.layers.lambda_layer import LambdaLayer
from model.layers.local_contrast import LocalContrast


class Stem(nn.Module):
    """7x7 convolution of stride 2, ReLU, 3x3 max-pool of stride 2: (N, C, H, W) -> (N, S, H/4, W/4).

    With a contrast window, local contrast is normalised first.
    """

    def __init__(self, channels: int, outputs: int, *, contrast_window: int = 0) -> None:
        super().__init__()
        self.contrast = LocalContrast(contrast_window) if contrast_window else nn.Identity()
        self.conv = ConvNorm(channels, outputs, 7, stride=2)

    def forward(self, images: Tensor) -> Tensor:
        """Map images (N, C, H, W) to the first map; sizes are rounded up at each halving."""
        return F.max_pool2d(F.relu_(self.conv(self.contrast(images))), 3, stride=2, padding=1)


class Bottleneck(nn.Module):
    """A residual bottleneck: 1x1, a spatial part that `spatial` makes, ReLU, 1x1, plus the shortcut."""

    def __init__(self, inputs: int, width: int, outputs: int, *, spatial: nn.Module, stride: int = 1) -> None:
        super().__init__()
        self.reduce = ConvNorm(inputs, width)
        self.spatial = spatial
        self.expand = ConvNorm(width, outputs)
        unchanged = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if unchanged else ConvNorm(inputs, outputs, stride=stride)

    def forward(self, x: Tensor) -> Tensor:
        """Map x (N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
        y = F.relu_(self.spatial(F.relu_(self.reduce(x))))
        return F.relu_(self.expand(y) + self.shortcut(x))


class NormedLambda(nn.Module):
    """Lambda layer followed by a batch norm."""

    def __init__(self, layer: LambdaLayer, channels: int) -> None:
        super().__init__()
        self.layer = layer
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map x (N, C, H, W) to (N, C, H', W')."""
        return cast(Tensor, self.norm(self.layer(x)))


def lambda_bottleneck(config: NetworkConfig, inputs: int, width: int, outputs: int, stride: int = 1) -> Bottleneck:
    """Return a bottleneck whose spatial part is a lambda layer."""
    layer = LambdaLayer(
        width,
        stride=stride,
        heads=config.heads,
        key_depth=config.key_depth,
        intra_depth=config.intra_depth,
        receptive_field=config.receptive_field,
    )
    return Bottleneck(inputs, width, outputs, spatial=NormedLambda(layer, width), stride=stride)


def conv_bottleneck(inputs: int, width: int, outputs: int) -> Bottleneck:
    """Return a bottleneck whose spatial part is a 3x3 convolution."""
    return Bottleneck(inputs, width, outputs, spatial=ConvNorm(width, width, 3))


class Place(NamedTuple):
    """Position of a bottleneck in the network."""

    inputs: int  # channels
    width: int
    outputs: int
    stride: int


def bottleneck_places(config: NetworkConfig) -> list[Place]:
    """Return the N_B bottlenecks in order; every stage but the first halves the map."""
    places, inputs = [], config.stem_channels
    for stage, (width, depth) in enumerate(zip(config.stage_widths, config.stage_depths, strict=True)):
        for block in range(depth):
            outputs = width * config.expansion
            places.append(Place(inputs, width, outputs, stride=2 if stage and not block else 1))
            inputs = outputs
    return places

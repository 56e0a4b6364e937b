"""LABN and its un-branched network as they were published: plain eager modules, nothing rewritten or folded.

The yardstick for speed, and the other side of `python -m model import`: weights stand under the published key
names. Written from the equations of Iida et al. (2022). Shapes as in `model.layers.lambda_layer`.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise

import torch
from torch import Tensor, nn

from model.config import NetworkConfig
from model.layers.resnet import Place, bottleneck_places

MAP_CHANNELS = 10


class LambdaConv(nn.Module):
    """Eq. (3)-(5): the position lambda by a three-dimensional convolution, both products by einsum."""

    def __init__(self, config: NetworkConfig, channels: int) -> None:
        super().__init__()
        self.heads, self.key_depth, self.intra_depth = config.heads, config.key_depth, config.intra_depth
        values = config.intra_depth * (channels // config.heads)
        self.parts = [config.heads * config.key_depth, config.intra_depth * config.key_depth, values]
        reach = config.receptive_field
        self.conv_qkv = nn.Conv2d(channels, sum(self.parts), 1, bias=False)
        self.norm_q = nn.BatchNorm2d(self.parts[0])
        self.norm_v = nn.BatchNorm2d(self.parts[2])
        self.lambda_conv = nn.Conv3d(
            self.intra_depth, self.key_depth, (1, reach, reach), padding=(0, reach // 2, reach // 2)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map x (N, C, H, W) to (N, C, H, W)."""
        n, _, height, width = x.shape
        q, k, v = torch.split(self.conv_qkv(x), self.parts, dim=1)
        queries = self.norm_q(q).view(n, self.heads, self.key_depth, -1)  # (N, h, K, M)
        keys = k.reshape(n, self.intra_depth, self.key_depth, -1).softmax(dim=-1)  # (N, U, K, M)
        values = self.norm_v(v).view(n, self.intra_depth, -1, height, width)  # (N, U, V, H, W)
        content = torch.einsum("nukm,nuvm->nkv", keys, values.flatten(3))
        position = self.lambda_conv(values).flatten(3)  # (N, K, V, M)
        y_content = torch.einsum("nhkm,nkv->nhvm", queries, content)
        y_position = torch.einsum("nhkm,nkvm->nhvm", queries, position)
        return (y_content + y_position).reshape(x.shape)


class Bottleneck(nn.Module):
    """1x1, a spatial layer, an average pool where the stride is 2, 1x1, plus the shortcut."""

    def __init__(self, place: Place, spatial: nn.Module) -> None:
        super().__init__()
        inputs, width, outputs, stride = place
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = spatial
        self.pool = nn.AvgPool2d(3, stride=2, padding=1) if stride == 2 else nn.Identity()
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = nn.Sequential()
        if inputs != outputs or stride == 2:
            self.downsample.append(nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False))
            self.downsample.append(nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Map x (N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.pool(self.conv2(y))))
        joined: Tensor = self.relu(self.bn3(self.conv3(y)) + self.downsample(x))
        return joined


class AttentionBranch(nn.Module):
    """Plain bottlenecks, then a class head and an attention head."""

    def __init__(self, config: NetworkConfig, inputs: int) -> None:
        super().__init__()
        width, outputs = config.branch_width, 4 * config.branch_width
        self.layer1 = nn.Sequential()
        for before, after in pairwise([inputs] + [outputs] * config.branch_depth):
            spatial = nn.Conv2d(width, width, 3, padding=1, bias=False)
            self.layer1.append(Bottleneck(Place(before, width, after, 1), spatial))
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv1 = nn.Conv2d(outputs, MAP_CHANNELS, 1, bias=False)
        self.conv2 = nn.Conv2d(MAP_CHANNELS, MAP_CHANNELS, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(MAP_CHANNELS)
        self.conv3 = nn.Conv2d(MAP_CHANNELS, 1, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(1)
        self.conv4 = nn.Conv2d(MAP_CHANNELS, config.classes, 1, bias=False)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Map features (N, F, h, w) to branch logits (N, classes) and attention (N, 1, h, w)."""
        maps = self.conv1(self.bn1(self.layer1(features))).relu()
        logits = self.conv4(maps).mean(dim=(2, 3))
        attention = self.bn3(self.conv3(self.bn2(self.conv2(maps)).relu())).sigmoid()
        return logits, attention


class PublishedLabn(nn.Module):
    """LFE, LAB, gate of eq. (2), LPB."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        before = stages_before_branch(config)
        stages, places = _stages(config), bottleneck_places(config)
        inputs = places[config.split - 1].outputs if config.split else config.stem_channels
        self.threshold = config.threshold
        self.feature_extractor = nn.Sequential(*_stem(config).values(), *stages[:before])
        self.attention_branch = AttentionBranch(config, inputs)
        self.perception_branch = nn.Sequential(
            *stages[before:],
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(places[-1].outputs, config.classes),
        )

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Give logits (N, K), branch logits (N, K) and attention (N, 1, h, w) of images (N, C, H, W)."""
        features = self.feature_extractor(images)
        branch_logits, attention = self.attention_branch(features)
        gated = features * torch.where(attention > self.threshold, attention, torch.zeros_like(attention))
        return self.perception_branch(gated), branch_logits, attention


def published_labn(config: NetworkConfig) -> nn.Module:
    """Build the branched network; its call gives logits, branch logits and attention.

    Raises:
        ValueError: the split does not lie at the end of a stage, or the branch is not of plain convolutions.
    """
    if config.branch_block != "conv":
        raise ValueError("the published branch is of plain convolutions")
    return PublishedLabn(config)


def published_resnet(config: NetworkConfig, classes: int) -> nn.Module:
    """Build the un-branched network of the same stages: images (N, C, H, W) -> logits (N, classes)."""
    parts = _stem(config)
    parts |= {f"layer{number}": stage for number, stage in enumerate(_stages(config), start=1)}
    parts |= {"avgpool": nn.AdaptiveAvgPool2d(1), "flatten": nn.Flatten()}
    parts["fc"] = nn.Linear(bottleneck_places(config)[-1].outputs, classes)
    return nn.Sequential(parts)


def stages_before_branch(config: NetworkConfig) -> int:
    """Count the stages of the feature extractor.

    Raises:
        ValueError: the split does not lie at the end of a stage, where alone the published code can put it.
    """
    ends = [sum(config.stage_depths[:count]) for count in range(len(config.stage_depths) + 1)]
    if config.split not in ends:
        raise ValueError(f"split must be one of {ends}, is {config.split}")
    return ends.index(config.split)


def _stem(config: NetworkConfig) -> OrderedDict[str, nn.Module]:
    return OrderedDict(
        conv1=nn.Conv2d(config.channels, config.stem_channels, 7, stride=2, padding=3, bias=False),
        bn1=nn.BatchNorm2d(config.stem_channels),
        relu=nn.ReLU(inplace=True),
        maxpool=nn.MaxPool2d(3, stride=2, padding=1),
    )


def _stages(config: NetworkConfig) -> list[nn.Module]:
    blocks = iter([Bottleneck(place, LambdaConv(config, place.width)) for place in bottleneck_places(config)])
    if config.stage_depths == (1,):  # the published one-bottleneck network has no list around it
        return list(blocks)
    return [nn.Sequential(*(next(blocks) for _ in range(depth))) for depth in config.stage_depths]

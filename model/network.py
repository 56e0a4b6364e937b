"""The Lambda Attention Branch Network: feature extractor (LFE), attention branch (LAB), perception branch (LPB)."""

from __future__ import annotations

import copy
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from model.config import NetworkConfig
from model.errors import NonFiniteOutput
from model.layers.attention_branch import AttentionBranch
from model.layers.conv_norm import ConvNorm, NormConv
from model.layers.lambda_layer import LambdaLayer
from model.layers.resnet import Bottleneck, Stem, bottleneck_places, lambda_bottleneck


class LabnOutput(NamedTuple):
    """What one pass gives; K classes."""

    logits: Tensor  # (N, K) of the perception branch: the prediction
    branch_logits: Tensor  # (N, K) of the attention branch
    attention: Tensor  # (N, 1, h, w) in 0..1


class LambdaAbn(nn.Module):
    """LABN of Iida et al. (JSAI 2022), section 3; `config.split` = B bottlenecks precede the attention branch."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        places = bottleneck_places(config)
        blocks = [lambda_bottleneck(config, *place) for place in places]
        branch_inputs = ([config.stem_channels] + [place.outputs for place in places])[config.split]
        self.stem = Stem(config.channels, config.stem_channels, contrast_window=config.contrast_window)
        self.before = nn.Sequential(*blocks[: config.split])
        self.branch = AttentionBranch(config, branch_inputs)
        self.after = nn.Sequential(*blocks[config.split :])
        self.classify = nn.Linear(places[-1].outputs, config.classes)
        self.apply(_initialise)

    def forward(self, images: Tensor) -> LabnOutput:
        """Classify images (N, C, H, W), normalised.

        Raises:
            NonFiniteOutput: in evaluation, where a logit or the map is NaN or infinite.
        """
        output = self.head(self.features(images))
        if not self.training:
            raise_if_not_finite(*output)
        return output

    def features(self, images: Tensor) -> Tensor:
        """LFE: images (N, C, H, W) -> features (N, F, h, w)."""
        features: Tensor = self.before(self.stem(images))
        return features

    def head(self, features: Tensor) -> LabnOutput:
        """LAB, gate and LPB on features (N, F, h, w)."""
        branch_logits, attention = self.branch(features)
        return LabnOutput(self.perceive(gate(features, attention, self.config.threshold)), branch_logits, attention)

    def perceive(self, features: Tensor) -> Tensor:
        """LPB: features (N, F, h, w) -> logits (N, K)."""
        logits: Tensor = self.classify(self.after(features).mean(dim=(2, 3)))
        return logits

    def entering(self, images: Tensor, bottleneck: int) -> Tensor:
        """Return what enters a bottleneck, 0..N_B-1, for images (N, C, H, W); behind the branch it is gated."""
        split = self.config.split
        x = self.before[:bottleneck](self.stem(images))
        if bottleneck >= split:
            x = self.after[: bottleneck - split](gate(x, self.branch(x)[1], self.config.threshold))
        return cast(Tensor, x)

    def bottlenecks(self) -> list[Bottleneck]:
        """All N_B lambda bottlenecks in order, those of the LFE first."""
        return [block for block in (*self.before, *self.after) if isinstance(block, Bottleneck)]

    def folded(self) -> LambdaAbn:
        """Return a copy for inference: evaluation mode, batch norms folded into convolutions, frozen."""
        network = copy.deepcopy(self).eval()
        for module in network.modules():
            if isinstance(module, (ConvNorm, NormConv, LambdaLayer)):
                module.fold()
        return network.requires_grad_(False)


def gate(features: Tensor, attention: Tensor, threshold: float) -> Tensor:
    """Eq. (2): weigh features (N, F, h, w) by attention (N, 1, h, w) where it exceeds the threshold, else zero."""
    return features * torch.where(attention > threshold, attention, 0.0)


def raise_if_not_finite(*tensors: Tensor) -> None:
    """Refuse outputs, each (N, ...), of which some images' overflowed.

    Raises:
        NonFiniteOutput: naming the images' places in the batch.
    """
    finite = torch.stack([torch.isfinite(tensor).flatten(1).all(dim=1) for tensor in tensors]).all(dim=0)  # (N,)
    if not bool(finite.all()):
        raise NonFiniteOutput(torch.nonzero(~finite).flatten().tolist())


def _initialise(module: nn.Module) -> None:
    """Initialise as residual networks are: He for convolutions, and the last norm of a block from zero."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, Bottleneck) and isinstance(module.expand.norm, nn.BatchNorm2d):
        nn.init.zeros_(module.expand.norm.weight)

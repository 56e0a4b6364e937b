"""Import of state dicts of the authors' published code and of lambda ResNets without a branch.

The names on the other side are those of keio-smilab21/LambdaAttentionBranchNetworks (`feature_extractor.`,
`attention_branch.`, `perception_branch.`) and of d-li14/lambda.pytorch (`conv1`, `layer1`, ..., `fc`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from model.checkpoint import raise_if_different
from model.config import NetworkConfig
from model.errors import CheckpointError
from model.network import LambdaAbn

_STEM = 4  # children before the first stage: convolution, norm, ReLU, pool
_POOL = 2  # children between the last stage and the linear layer: pool, flatten
_BOTTLENECK = {
    "reduce.conv": "conv1", "reduce.norm": "bn1", "expand.conv": "conv3", "expand.norm": "bn3",
    "shortcut.conv": "downsample.0", "shortcut.norm": "downsample.1",
    "spatial.conv": "conv2", "spatial.norm": "bn2",
    "spatial.layer.project_qkv": "conv2.conv_qkv", "spatial.layer.position": "conv2.lambda_conv",
    "spatial.layer.norm_queries": "conv2.norm_q", "spatial.layer.norm_values": "conv2.norm_v",
}  # fmt: skip
_BRANCH = {
    "reduce.norm": "bn1", "reduce.conv": "conv1", "classify": "conv4",
    "attend.conv": "conv2", "attend.norm": "bn2", "attention.conv": "conv3", "attention.norm": "bn3",
}  # fmt: skip


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Read a `torch.save`d state dict; only tensors are unpickled.

    Raises:
        CheckpointError: no such file, or anything but a dictionary of tensors.
    """
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # from struct.error to AssertionError: what corrupt files raise has no other root
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise CheckpointError(f"{path} is not a state dict that is safe to read: {reason}") from error
    if isinstance(loaded, Mapping) and isinstance(loaded.get("state_dict"), Mapping):
        loaded = loaded["state_dict"]
    if not isinstance(loaded, Mapping) or not all(isinstance(value, Tensor) for value in loaded.values()):
        raise CheckpointError(f"{path} does not hold a dictionary of tensors")
    return {str(name).removeprefix("module."): tensor for name, tensor in loaded.items()}


def is_branched(weights: Mapping[str, Tensor]) -> bool:
    """Whether the state dict is a LABN's, not a plain lambda ResNet's."""
    return any(name.startswith("attention_branch.") for name in weights)


def network_from_published(weights: Mapping[str, Tensor], config: NetworkConfig, *, source: str) -> LambdaAbn:
    """Build the network of a published state dict, in evaluation mode.

    A LABN's split follows from where its branch was put. An un-branched network gives LFE and LPB, and the
    linear layer if it has as many classes; the rest is initialised anew, to be trained.

    Raises:
        CheckpointError: listing every key that is missing, unknown or of another shape.
    """
    if is_branched(weights):
        config = replace(config, split=_published_split(weights, config))
        network = LambdaAbn(config)
        names = {name: _branched_name(name, config) for name in network.state_dict()}
    else:
        network = LambdaAbn(config)
        weights, fresh = _plain_weights(weights, config)
        names = {name: _plain_name(name, config) for name in network.state_dict() if not name.startswith(fresh)}
    own = network.state_dict()
    flat = {name: tensor.squeeze(2) if tensor.dim() == 5 else tensor for name, tensor in weights.items()}
    raise_if_different({published: own[name] for name, published in names.items()}, flat, source=source)
    network.load_state_dict(own | {name: flat[published] for name, published in names.items()})
    return network.eval()


def _plain_weights(
    weights: Mapping[str, Tensor], config: NetworkConfig
) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Return the weights that are used, and the prefixes of our names that stay as initialised."""
    if "fc.weight" in weights and weights["fc.weight"].shape[:1] == (config.classes,):
        return dict(weights), ("branch.",)
    used = {name: tensor for name, tensor in weights.items() if not name.startswith("fc.")}
    return used, ("branch.", "classify.")


def _published_split(weights: Mapping[str, Tensor], config: NetworkConfig) -> int:
    children = [int(found[1]) for name in weights if (found := re.match(r"feature_extractor\.(\d+)\.", name))]
    stages = max(max(children, default=0) + 1 - _STEM, 0)
    return sum(config.stage_depths[:stages])


def _branched_name(name: str, config: NetworkConfig) -> str:
    """Return the published LABN's name of one of our weights."""
    part, _, rest = name.partition(".")
    if part == "branch":
        return f"attention_branch.{_branch_name(rest)}"
    child, rest = _child(name, config)
    before = _STEM + _stage_of(config.split, config)[0]
    return f"feature_extractor.{child}.{rest}" if child < before else f"perception_branch.{child - before}.{rest}"


def _plain_name(name: str, config: NetworkConfig) -> str:
    """Return the un-branched network's name of one of our weights."""
    child, rest = _child(name, config)
    stages = len(config.stage_depths)
    names = {0: "conv1", 1: "bn1", _STEM + stages + _POOL: "fc"}
    return f"{names.get(child) or f'layer{child - _STEM + 1}'}.{rest}"


def _child(name: str, config: NetworkConfig) -> tuple[int, str]:
    """Return which child of the un-branched network a weight belongs to, and its name in there."""
    part, _, rest = name.partition(".")
    if part == "stem":
        _, kind, leaf = rest.split(".")
        return (0 if kind == "conv" else 1), leaf
    if part == "classify":
        return _STEM + len(config.stage_depths) + _POOL, rest
    place, _, rest = rest.partition(".")
    stage, block = _stage_of(int(place) + (config.split if part == "after" else 0), config)
    inside = _bottleneck_name(rest)
    single = config.stage_depths == (1,)  # the published one-bottleneck network has no list around it
    return _STEM + stage, inside if single else f"{block}.{inside}"


def _stage_of(bottleneck: int, config: NetworkConfig) -> tuple[int, int]:
    """Return a bottleneck's stage and its place in there; the end of a stage is the next one's start."""
    for stage, depth in enumerate(config.stage_depths):
        if bottleneck < depth:
            return stage, bottleneck
        bottleneck -= depth
    return len(config.stage_depths), 0


def _bottleneck_name(name: str) -> str:
    stem, _, leaf = name.rpartition(".")
    return f"{_BOTTLENECK[stem]}.{leaf}"


def _branch_name(name: str) -> str:
    if name.startswith("blocks."):
        _, place, rest = name.split(".", 2)
        return f"layer1.{place}.{_bottleneck_name(rest)}"
    stem, _, leaf = name.rpartition(".")
    return f"{_BRANCH[stem]}.{leaf}"

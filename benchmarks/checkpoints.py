"""Networks to measure: random weights that behave as trained ones do, and the shipped checkpoint."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from benchmarks.pictures import fundus_batch
from benchmarks.published_form import Bottleneck as PublishedBottleneck
from benchmarks.published_form import published_labn
from model.checkpoint import load_checkpoint, save_checkpoint
from model.config import NetworkConfig, Preprocessing
from model.layers.local_contrast import LocalContrast
from model.layers.resnet import Bottleneck
from model.network import LambdaAbn
from model.presets import PREPROCESSING_OF, PREPROCESSINGS, network_config
from model.published import network_from_published

SHIPPED = Path(__file__).parents[1] / "checkpoints" / "labn-idrid.safetensors"
TINY = NetworkConfig(
    channels=3, height=32, width=32, classes=2, stem_channels=8, stage_widths=(8, 8), stage_depths=(1, 1), split=1,
    key_depth=4, receptive_field=5, branch_width=8, threshold=0.4,
)  # fmt: skip
CALIBRATION_IMAGES = 4
BLOCK_WEIGHT = 0.2
SEED = 0


def published_and_ours(preset: str) -> tuple[nn.Module, LambdaAbn]:
    """Return the published form of a preset with random weights, and our network with the same weights."""
    config = network_config(preset)
    torch.manual_seed(SEED)
    published = published_labn(config)
    last_norms = [block.bn3 for block in published.modules() if isinstance(block, PublishedBottleneck)]
    _settle(published, last_norms, preprocessing_of(preset))
    return published, network_from_published(published.state_dict(), config, source=preset)


def published_of(network: LambdaAbn) -> nn.Module:
    """Return the published form of a network that is not folded, with its weights; in front, local contrast if any.

    Which published weight is which of ours the import tells: each goes in as its number and comes out by our name.
    """
    config = network.config
    form = published_labn(config)
    published = form.state_dict()
    numbers = {name: torch.full_like(weight, number) for number, (name, weight) in enumerate(published.items())}
    imported = network_from_published(numbers, config, source=config.preset).state_dict()
    ours = {int(imported[name].flatten()[0]): weight for name, weight in network.state_dict().items()}
    form.load_state_dict({name: ours[i].view_as(weight) for i, (name, weight) in enumerate(published.items())})
    contrast = [LocalContrast(config.contrast_window)] if config.contrast_window else []
    return nn.Sequential(*contrast, form).eval()


def compact_checkpoint(folder: Path) -> Path:
    """Write the preset `compact` with the weights of the shipped network, which is that one at another size."""
    network = LambdaAbn(network_config("compact")).eval()
    network.load_state_dict(load_checkpoint(SHIPPED, folded=False).network.state_dict())
    return preset_checkpoint(network, folder)


def tiny_checkpoint(folder: Path) -> Path:
    """Write a network whose forward pass takes about a millisecond, so that what is around it shows."""
    torch.manual_seed(SEED)
    network = LambdaAbn(TINY)
    preprocessing = replace(preprocessing_of("compact"), height=TINY.height, width=TINY.width)
    _settle(
        network, [block.expand.norm for block in network.modules() if isinstance(block, Bottleneck)], preprocessing
    )
    return _save(folder / "tiny.safetensors", network, preprocessing)


def preset_checkpoint(network: LambdaAbn, folder: Path) -> Path:
    """Write a network of a preset as `PRESET.safetensors`."""
    preset = network.config.preset
    return _save(folder / f"{preset}.safetensors", network, preprocessing_of(preset))


def preprocessing_of(preset: str) -> Preprocessing:
    """Return the preprocessing that a preset's images need."""
    return PREPROCESSINGS[PREPROCESSING_OF[preset]]


def _save(path: Path, network: LambdaAbn, preprocessing: Preprocessing) -> Path:
    labels = ("negative", "positive")
    save_checkpoint(path, network, preprocessing=preprocessing, labels=labels, card={"data": "for benchmarks"})
    return path


def _settle(network: nn.Module, last_norms: Iterable[nn.Module], preprocessing: Preprocessing) -> None:
    """Put a new network into evaluation, its batch norms holding the statistics of generated photographs.

    Lambda layers are of degree 2: with other statistics, or blocks that weigh as much as what goes around them
    (`last_norms` end the blocks), random weights overflow.
    """
    for norm in last_norms:
        nn.init.constant_(cast(Tensor, norm.weight), BLOCK_WEIGHT)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the plain mean of what comes
    with torch.no_grad():
        network.train()(fundus_batch(CALIBRATION_IMAGES, preprocessing))
    network.eval()

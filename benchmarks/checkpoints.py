"""Networks to measure: random weights that behave as trained ones do, and the shipped checkpoint."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from benchmarks.pictures import fundus_batch
from benchmarks.published_form import published_labn
from model.checkpoint import save_checkpoint
from model.network import LambdaAbn
from model.presets import PREPROCESSING_OF, PREPROCESSINGS, network_config
from model.published import network_from_published

SHIPPED = Path(__file__).parents[1] / "checkpoints" / "labn-idrid.safetensors"
CALIBRATION_IMAGES = 4
SEED = 0


def settled(network: nn.Module, *, side: int) -> nn.Module:
    """Return the network in evaluation mode, its batch norms holding the statistics of generated photographs.

    The lambda layers are of degree 2: with the statistics of a new network random weights overflow.
    """
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    for norm in norms:
        nn.init.ones_(norm.weight)  # zero at the end of a new block: it would leave the block out
        norm.momentum = None  # the plain mean of what comes
    with torch.no_grad():
        network.train()(fundus_batch(CALIBRATION_IMAGES, side=side))
    return network.eval()


def published_and_ours(preset: str) -> tuple[nn.Module, LambdaAbn]:
    """Return the published form of a preset with random weights, and our network with the same weights."""
    config = network_config(preset)
    torch.manual_seed(SEED)
    published = settled(published_labn(config), side=config.height)
    return published, network_from_published(published.state_dict(), config, source=preset)


def random_checkpoint(network: LambdaAbn, folder: Path) -> Path:
    """Write a network with random weights as `PRESET.safetensors`."""
    preset = network.config.preset
    path = folder / f"{preset}.safetensors"
    save_checkpoint(
        path,
        network,
        preprocessing=PREPROCESSINGS[PREPROCESSING_OF[preset]],
        labels=("negative", "positive"),
        card={"data": "random weights"},
    )
    return path


def compact_checkpoint(folder: Path) -> Path:
    """Return the shipped checkpoint; where there is none, one of the preset `compact` with random weights."""
    if SHIPPED.exists():
        return SHIPPED
    torch.manual_seed(SEED)
    network = LambdaAbn(network_config("compact"))
    settled(network, side=network.config.height)
    return random_checkpoint(network, folder)

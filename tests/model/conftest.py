"""Checkpoints, pictures and the command line of the model's room."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from model.__main__ import main
from model.checkpoint import LoadedCheckpoint, load_checkpoint, save_checkpoint
from model.config import ColorMode, NetworkConfig, Preprocessing
from model.images.preprocessing import Picture, decode_image
from model.network import LambdaAbn
from tests.model.networks import small_network


class Answer(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def documents(self) -> list[dict[str, Any]]:
        """The JSON objects of stdout, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def preprocessing_for(config: NetworkConfig) -> Preprocessing:
    """Plain preprocessing that fits a network."""
    mean, std = (0.5,) * config.channels, (0.25,) * config.channels
    mode: ColorMode = "rgb" if config.channels == 3 else "grey"
    return Preprocessing(mode=mode, height=config.height, width=config.width, mean=mean, std=std)


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Write a network to a checkpoint and return its path."""

    def written(network: LambdaAbn, name: str = "small.safetensors", **options: Any) -> Path:
        path = tmp_path / name
        defaults: dict[str, Any] = {
            "preprocessing": preprocessing_for(network.config),
            "labels": ("negative", "positive"),
            "card": {"data": "random weights", "seed": 0},
        }
        save_checkpoint(path, network, **(defaults | options))
        return path

    return written


@pytest.fixture
def loaded(save: Callable[..., Path]) -> LoadedCheckpoint:
    return load_checkpoint(save(small_network()))


@pytest.fixture
def picture(encode: Callable[..., bytes]) -> Callable[..., Picture]:
    """Make a smooth random picture, the same for the same seed."""

    def made(seed: int = 0, height: int = 64, width: int = 96) -> Picture:
        return decode_image(encode(height, width, seed=seed, kind="PNG"), "rgb")

    return made


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Run `python -m model` with those arguments in this process."""

    def run(*arguments: object) -> Answer:
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:  # argparse's
            code = int(stop.code or 0)
        return Answer(code, *capsys.readouterr())

    return run

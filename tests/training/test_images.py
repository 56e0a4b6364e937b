"""Decoding for training and for validation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from model.config import Preprocessing
from model.image import decode_image, decode_size, to_tensor
from training.data.examples import Example
from training.data.images import network_inputs, training_sources
from training.errors import DatasetError

CROPPED = Preprocessing(
    mode="rgb", height=16, width=24, mean=(0.4, 0.3, 0.2), std=(0.2, 0.3, 0.4), crop=(0.1, 0.0, 0.8, 1.0)
)
GREY = Preprocessing(mode="grey", height=16, width=16, mean=(0.4,), std=(0.2,))
DECODERS = [network_inputs, training_sources]


@pytest.fixture
def examples(tmp_path: Path, encode: Callable[..., bytes]) -> list[Example]:
    """Two JPEGs of different sizes, large enough to be decoded reduced."""
    sizes = {"small.jpg": (120, 200), "large.jpg": (400, 640)}
    for seed, (name, (height, width)) in enumerate(sizes.items()):
        (tmp_path / name).write_bytes(encode(height, width, seed=seed))
    return [Example(tmp_path / name, label) for label, name in enumerate(sizes)]


@pytest.mark.parametrize("preprocessing", [CROPPED, GREY], ids=["cropped", "grey"])
def test_network_inputs_are_what_the_service_gives_the_network(
    examples: list[Example], preprocessing: Preprocessing
) -> None:
    decoded = network_inputs(examples, preprocessing)
    for tensor, example in zip(decoded.images, examples, strict=True):
        data, least = example.path.read_bytes(), decode_size(preprocessing)
        picture = decode_image(data, preprocessing.mode, at_least=least)
        assert picture.pixels.width < picture.width
        torch.testing.assert_close(tensor[None], to_tensor(picture, preprocessing), rtol=0, atol=0)
    assert decoded.labels.tolist() == [0, 1]


@pytest.mark.parametrize("preprocessing", [CROPPED, GREY], ids=["cropped", "grey"])
def test_training_sources_are_bytes_of_the_crop_at_twice_the_size(
    examples: list[Example], preprocessing: Preprocessing
) -> None:
    decoded = training_sources(examples, preprocessing)
    channels, height, width = preprocessing.channels, preprocessing.height, preprocessing.width
    assert decoded.images.dtype == torch.uint8
    assert decoded.images.shape == (2, channels, 2 * height, 2 * width)
    assert decoded.labels.tolist() == [0, 1]
    halved = torch.nn.functional.avg_pool2d(decoded.images.float() / 255, 2)
    mean, std = (torch.tensor(values).view(-1, 1, 1) for values in (preprocessing.mean, preprocessing.std))
    shown = network_inputs(examples, preprocessing).images * std + mean
    assert (halved - shown).abs().mean() < 0.02


@pytest.mark.parametrize("decode", DECODERS)
@pytest.mark.parametrize("content", [b"", b"no image", b"\xff\xd8\xff\xe0 cut"])
def test_corrupt_image_is_named(examples: list[Example], decode: Callable[..., object], content: bytes) -> None:
    examples[1].path.write_bytes(content)
    with pytest.raises(DatasetError) as raised:
        decode(examples, CROPPED)
    assert str(examples[1].path) in str(raised.value)


@pytest.mark.parametrize("decode", DECODERS)
def test_truncated_image_is_named(examples: list[Example], decode: Callable[..., object]) -> None:
    path = examples[0].path
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(DatasetError, match="does not decode") as raised:
        decode(examples, CROPPED)
    assert str(path) in str(raised.value)

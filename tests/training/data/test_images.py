"""Decoding for training and for validation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model.config import Preprocessing
from model.images.preprocessing import decode_image, decode_size, to_tensor
from training.data.examples import Example
from training.data.images import LabelledImages, network_inputs, training_sources
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


@pytest.mark.parametrize(("decode", "scale"), [(network_inputs, 1), (training_sources, 2)])
def test_masks_are_cropped_and_sized_as_their_images(
    examples: list[Example], tmp_path: Path, decode: Callable[..., LabelledImages], scale: int
) -> None:
    """A mask of the middle half: the crop begins at 0.1 of the width and is 0.7 of it."""
    levels = np.zeros((40, 64), np.uint8)
    levels[10:30, 16:48] = 255
    Image.fromarray(levels).save(tmp_path / "mask.png")
    decoded = decode([examples[0], replace(examples[1], masks=(tmp_path / "mask.png",))], CROPPED, masks=True)
    assert decoded.masks is not None
    assert decoded.known is not None
    assert decoded.masks.shape == (2, 1, 16 * scale, 24 * scale) == (2, 1, *decoded.images.shape[-2:])
    assert decoded.known.tolist() == [False, True]
    inside = torch.nonzero(decoded.masks[1, 0])
    edges = [0.25 * 16, 0.75 * 16 - 1, (0.25 - 0.1) / 0.7 * 24, (0.75 - 0.1) / 0.7 * 24 - 1]
    rows, columns = inside[:, 0], inside[:, 1]
    found = [rows.min(), rows.max(), columns.min(), columns.max()]
    assert [float(edge) for edge in found] == pytest.approx([edge * scale for edge in edges], abs=1.5 * scale)
    assert not decoded.masks[0].any()


def test_image_that_is_clear_by_its_label_has_an_empty_mask(examples: list[Example]) -> None:
    decoded = network_inputs([replace(examples[0], clear=True), examples[1]], CROPPED, masks=True)
    assert decoded.known is not None
    assert decoded.masks is not None
    assert decoded.known.tolist() == [True, False]
    assert not decoded.masks.any()


def test_masks_are_read_only_if_asked_for(examples: list[Example], tmp_path: Path) -> None:
    masked = [replace(examples[0], masks=(tmp_path / "gone.png",))]
    assert network_inputs(masked, CROPPED).masks is None
    with pytest.raises(DatasetError, match=r"gone\.png"):
        network_inputs(masked, CROPPED, masks=True)

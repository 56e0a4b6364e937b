"""What the maps of the network itself are."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from model.errors import ConfigurationError
from model.explain.attention import Attention
from model.explain.explainer import stretch, upsample
from model.explain.lambda_attention import LambdaAttention
from model.layers.resnet import NormedLambda
from model.network import LambdaAbn
from tests.model.networks import images, small_network

TARGETS = torch.tensor([0, 1, 0])


def test_methods_tell_images_apart() -> None:
    for explainer in (Attention(), LambdaAttention()):
        first, second = explainer(small_network(), images(2), TARGETS[:2])
        assert not torch.allclose(first, second, atol=1e-3)


def test_attention_is_the_map_upsampled() -> None:
    network, batch = small_network(), images(3)
    expected = torch.nn.functional.interpolate(network(batch).attention, size=(32, 32), mode="bilinear")[:, 0]
    torch.testing.assert_close(Attention()(network, batch, TARGETS), expected)


@pytest.mark.parametrize(("split", "place"), [(0, 0), (1, 0), (2, 1), (3, 2)])
def test_lambda_attention_is_by_default_of_the_last_bottleneck_before_the_branch(split: int, place: int) -> None:
    network, batch = small_network(split=split), images(2)
    expected = LambdaAttention(bottleneck=place).maps(network, batch)
    assert torch.equal(LambdaAttention().maps(network, batch), expected)


@pytest.mark.parametrize("bottleneck", [-1, 3])
def test_a_bottleneck_that_is_not_there_is_refused(bottleneck: int) -> None:
    with pytest.raises(ConfigurationError, match=r"0\.\.2"):
        LambdaAttention(bottleneck=bottleneck).maps(small_network(), images(1))


@pytest.mark.parametrize(("bottleneck", "side"), [(0, 8), (1, 8), (2, 8)])
@pytest.mark.parametrize("split", range(4))
def test_lambda_attention_is_the_mean_of_content_lambda_and_query(split: int, bottleneck: int, side: int) -> None:
    network, batch = small_network(split=split), images(2)
    block = network.bottlenecks()[bottleneck]
    assert isinstance(block.spatial, NormedLambda)
    layer = block.spatial.layer
    projection = layer.project(block.reduce(entering(network, batch, bottleneck)).relu())
    content = torch.einsum("nukm,nuvm->nkv", projection.keys, projection.values)
    mean = torch.einsum("nkv,nhkm->nhvm", content, projection.queries).mean(dim=(1, 2))
    maps = LambdaAttention(bottleneck=bottleneck).maps(network, batch)
    assert maps.shape == (2, side, side)
    torch.testing.assert_close(maps, mean.reshape(2, side, side), rtol=1e-4, atol=1e-4)


def entering(network: LambdaAbn, batch: Tensor, bottleneck: int) -> Tensor:
    """Walk to a bottleneck step by step."""
    config = network.config
    x: Tensor = network.stem(batch)
    for place, block in enumerate(network.bottlenecks()):
        if place == config.split:
            attention = network.branch(x)[1]
            x = x * attention * (attention > config.threshold)
        if place == bottleneck:
            break
        x = block(x)
    return x


def test_upsampling_is_bilinear_between_the_centres_of_cells() -> None:
    maps = torch.tensor([[[0.0, 1.0]]])
    assert upsample(maps, torch.zeros(1, 3, 1, 4)).tolist() == [[[0.0, 0.25, 0.75, 1.0]]]


def test_stretching_is_by_each_map_s_own_range_and_a_constant_becomes_zero() -> None:
    maps = torch.tensor([[[1.0, 2.0, 5.0]], [[-8.0, 0.0, 8.0]], [[7.0, 7.0, 7.0]]])
    assert stretch(maps).tolist() == [[[0.0, 0.25, 1.0]], [[0.0, 0.5, 1.0]], [[0.0, 0.0, 0.0]]]

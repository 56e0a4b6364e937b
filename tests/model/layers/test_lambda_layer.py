"""Every form of the layer against eq. (3)-(5) written out cell by cell in double precision."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
import torch
from torch import Tensor

from model.layers import lambda_layer
from model.layers.lambda_layer import LambdaLayer, Projection, position_output_by_convolution
from tests.model.networks import settle

FORMS = {"convolution": math.inf, "scores": -math.inf}  # what a gathered score is said to cost
SHAPES = [(1, 1), (1, 9), (9, 1), (3, 4), (5, 5), (7, 12)]  # receptive fields of 5 and 23: larger and smaller


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(lambda_layer, "GATHER_COST", FORMS[request.param])
    return str(request.param)


def layer_of(channels: int = 8, **options: Any) -> LambdaLayer:
    torch.manual_seed(channels)
    options = {"heads": 4, "key_depth": 3, "receptive_field": 5} | options
    return settle(LambdaLayer(channels, **options), channels, 4, 5)


def maps(n: int, height: int, width: int, channels: int = 8) -> Tensor:
    return torch.randn(n, channels, height, width, generator=torch.Generator().manual_seed(height * 100 + width))


def transcription(layer: LambdaLayer, x: Tensor) -> Tensor:
    """Eq. (3)-(5), one cell n after the other; all sums over cells m are written as einsums."""
    layer, x = copy.deepcopy(layer).double(), x.double()
    images, channels, height, width = x.shape
    heads, depth, intra = layer.heads, layer.key_depth, layer.intra_depth
    projected = torch.einsum("oc,nchw->nohw", layer.project_qkv.weight[:, :, 0, 0], x)
    q, k, v = projected.split(list(layer.parts), dim=1)
    q = normed(q, layer.norm_queries).reshape(images, heads, depth, height, width)
    v = normed(v, layer.norm_values).reshape(images, intra, channels // heads, height, width)
    exponentials = k.exp().reshape(images, intra, depth, height, width)
    keys = exponentials / exponentials.sum(dim=(3, 4), keepdim=True)
    content = torch.einsum("nukyx,nuvyx->nkv", keys, v)  # eq. (3)
    y = torch.zeros(images, heads, channels // heads, height, width, dtype=torch.float64)
    reach = layer.position.kernel_size[0] // 2
    for row in range(height):
        for column in range(width):
            position = torch.zeros_like(content)
            for other_row in range(max(0, row - reach), min(height, row + reach + 1)):
                for other_column in range(max(0, column - reach), min(width, column + reach + 1)):
                    embedding = layer.position.weight[:, :, other_row - row + reach, other_column - column + reach]
                    position += torch.einsum("ku,nuv->nkv", embedding, v[..., other_row, other_column])  # eq. (4)
            position += layer.get_parameter("position.bias")[:, None]
            y[..., row, column] = torch.einsum("nkv,nhk->nhv", content + position, q[..., row, column])  # eq. (5)
    return y.reshape(images, channels, height, width)


def normed(x: Tensor, norm: Any) -> Tensor:
    def column(values: Tensor) -> Tensor:
        return values[None, :, None, None]

    deviation = (column(norm.running_var) + norm.eps).sqrt()
    scaled: Tensor = (x - column(norm.running_mean)) / deviation * column(norm.weight) + column(norm.bias)
    return scaled


def pooled(y: Tensor) -> Tensor:
    """Means of 3x3 cells around every second cell, cells outside counted as 0."""
    height, width = y.shape[-2:]
    framed = torch.zeros(*y.shape[:2], height + 2, width + 2, dtype=y.dtype)
    framed[..., 1:-1, 1:-1] = y
    rows = [
        torch.stack([framed[..., i : i + 3, j : j + 3].sum(dim=(2, 3)) / 9 for j in range(0, width, 2)], dim=-1)
        for i in range(0, height, 2)
    ]
    return torch.stack(rows, dim=-2)


@pytest.mark.usefixtures("form")
class TestBothForms:
    @pytest.mark.parametrize(("height", "width"), SHAPES)
    @pytest.mark.parametrize("receptive_field", [1, 5, 23])
    def test_are_the_equations_at_every_map_size(self, height: int, width: int, receptive_field: int) -> None:
        layer = layer_of(receptive_field=receptive_field).double()
        x = maps(2, height, width).double()
        torch.testing.assert_close(layer(x), transcription(layer, x), rtol=1e-9, atol=1e-9)

    @pytest.mark.parametrize("n", [1, 3])
    @pytest.mark.parametrize("heads", [1, 4])
    @pytest.mark.parametrize("intra_depth", [1, 2])
    def test_are_the_equations_for_any_depth_and_heads(self, n: int, heads: int, intra_depth: int) -> None:
        layer = layer_of(heads=heads, intra_depth=intra_depth).double()
        x = maps(n, 6, 4).double()
        torch.testing.assert_close(layer(x), transcription(layer, x), rtol=1e-9, atol=1e-9)

    @pytest.mark.parametrize(("height", "width"), SHAPES)
    def test_pool_behind_the_layer_where_the_stride_is_two(self, height: int, width: int) -> None:
        layer = layer_of(stride=2).double()
        x = maps(2, height, width).double()
        expected = pooled(transcription(layer, x))
        assert expected.shape[-2:] == (math.ceil(height / 2), math.ceil(width / 2))
        torch.testing.assert_close(layer(x), expected, rtol=1e-9, atol=1e-9)

    def test_are_the_equations_in_single_precision_at_a_size_of_the_paper(self) -> None:
        layer = layer_of(32, key_depth=16, receptive_field=23)
        x = maps(1, 14, 14, 32)
        torch.testing.assert_close(layer(x).double(), transcription(layer, x), rtol=1e-4, atol=1e-4)

    @pytest.mark.parametrize("stride", [1, 2])
    @pytest.mark.parametrize("intra_depth", [1, 2])
    def test_give_the_same_after_folding(self, stride: int, intra_depth: int) -> None:
        layer = layer_of(stride=stride, intra_depth=intra_depth)
        x = maps(2, 6, 7)
        before = layer(x)
        layer.fold()
        assert not any("norm" in name for name in layer.state_dict())
        torch.testing.assert_close(layer(x), before, rtol=1e-5, atol=1e-5)
        layer.fold()  # a second time changes nothing
        torch.testing.assert_close(layer(x), before, rtol=1e-5, atol=1e-5)

    @pytest.mark.parametrize("intra_depth", [1, 2])
    def test_have_the_derivatives_of_what_they_compute(self, intra_depth: int) -> None:
        layer = layer_of(4, heads=2, key_depth=2, intra_depth=intra_depth).double()
        x = maps(2, 3, 4, 4).double().requires_grad_()
        inputs = (x, *layer.parameters())
        assert torch.autograd.gradcheck(lambda x, *_: layer(x), inputs)


@pytest.mark.parametrize(("height", "width"), [(4, 6), (1, 5)])
def test_both_forms_have_the_same_gradients(height: int, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    gradients = []
    for cost in FORMS.values():
        monkeypatch.setattr(lambda_layer, "GATHER_COST", cost)
        layer = layer_of(intra_depth=2).double().train()
        x = maps(3, height, width).double().requires_grad_()
        (layer(x) ** 3).sum().backward()
        gradients.append([x.grad, *(parameter.grad for parameter in layer.parameters())])
    assert all(gradient is not None and bool(gradient.any()) for gradient in gradients[0][:2])
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("side", "channels", "scores"), [(56, 64, False), (28, 128, False), (14, 512, True), (7, 512, True)]
)
def test_large_maps_are_convolved_and_small_ones_scored(side: int, channels: int, scores: bool) -> None:
    m = side * side
    with torch.device("meta"):
        layer = LambdaLayer(channels)
        projection = Projection(
            torch.empty(1, 4, 16, m), torch.empty(1, 1, 16, m), torch.empty(1, 1, layer.value_depth, m)
        )
        assert lambda_layer._scores_are_cheaper(projection, layer.relative_embedding(side, side)) is scores


def test_kernel_is_cut_to_what_cells_of_the_map_can_reach() -> None:
    layer = LambdaLayer(8, receptive_field=23)
    assert layer.relative_embedding(56, 3).shape == (16, 1, 23, 5)
    assert layer.relative_embedding(1, 12).shape == (16, 1, 1, 23)


def test_content_output_has_no_share_of_the_position() -> None:
    layer = layer_of().double()
    x = maps(2, 4, 5).double()
    layer.position.weight.data.zero_()
    assert layer.position.bias is not None
    with_content_alone = layer(x) - torch.einsum(
        "k,nhkm->nhm", layer.position.bias, layer.project(x).queries
    ).repeat_interleave(2, dim=1).reshape(x.shape)
    torch.testing.assert_close(layer.content_output(x).reshape(x.shape), with_content_alone)


def test_constant_values_move_only_by_the_kernel() -> None:
    """By thought: one head, every projection constant 1, kernel 1 and no bias: 1 + the cells within reach."""
    layer = LambdaLayer(1, heads=1, key_depth=1, receptive_field=3).eval()
    for parameter in (layer.project_qkv.weight, layer.position.weight):
        torch.nn.init.ones_(parameter)
    torch.nn.init.zeros_(layer.position.bias)  # type: ignore[arg-type]  # there is one
    neighbours = torch.tensor([[4.0, 6.0, 4.0], [6.0, 9.0, 6.0], [4.0, 6.0, 4.0]])
    torch.testing.assert_close(layer(torch.ones(1, 1, 3, 3))[0, 0], 1 + neighbours, rtol=1e-4, atol=1e-4)


def test_position_lambdas_a_few_images_at_a_time_are_those_of_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = LambdaLayer(16, receptive_field=5).eval()
    x = torch.randn(5, 16, 6, 7)
    projection, embedding = layer.project(x), layer.relative_embedding(6, 7)
    at_once = position_output_by_convolution(projection, embedding, 6, 7)
    monkeypatch.setattr(lambda_layer, "POSITION_BYTES", 2 * 4 * 16 * 42 * 4)  # two images
    few = position_output_by_convolution(projection, embedding, 6, 7)
    torch.testing.assert_close(few, at_once, rtol=0, atol=1e-6)

"""Position lambdas against PyTorch's own convolution and einsum, and their derivatives."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from model.layers.position_lambda import apply_lambdas, position_convolution, transposed_by_blocks


def gradients(output: Tensor, *inputs: Tensor) -> tuple[Tensor, ...]:
    torch.manual_seed(1)
    return torch.autograd.grad(output, inputs, torch.randn(output.shape, dtype=output.dtype))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (4, 4), (5, 7), (14, 6), (8, 1)])
@pytest.mark.parametrize("kernel", [(1, 1), (3, 5), (11, 11)])
@pytest.mark.parametrize("depth", [1, 2])
def test_is_a_convolution_with_its_gradients(height: int, width: int, kernel: tuple[int, int], depth: int) -> None:
    maps = torch.randn(3, depth, height, width, dtype=torch.double, requires_grad=True)
    weight = torch.randn(5, depth, *kernel, dtype=torch.double, requires_grad=True)
    expected = F.conv2d(maps, weight, padding=(kernel[0] // 2, kernel[1] // 2))
    found = position_convolution(maps, weight)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(gradients(found, maps, weight), gradients(expected, maps, weight))


def test_is_the_same_where_only_the_kernel_or_only_the_maps_learn() -> None:
    maps, weight = torch.randn(2, 1, 6, 6), torch.randn(4, 1, 3, 3)
    for learning in (maps, weight):
        learning.requires_grad_()
        expected = gradients(F.conv2d(maps, weight, padding=1), learning)
        torch.testing.assert_close(gradients(position_convolution(maps, weight), learning), expected)
        learning.requires_grad_(False)


def test_gradients_are_those_of_the_inputs_types_under_autocast() -> None:
    maps, weight = torch.randn(2, 1, 9, 9, requires_grad=True), torch.randn(16, 1, 5, 5, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found, expected = position_convolution(maps, weight), F.conv2d(maps, weight, padding=2)
    assert found.dtype == torch.bfloat16
    ours, theirs = gradients(found, maps, weight), gradients(expected, maps, weight)
    assert all(gradient.dtype == torch.float32 for gradient in ours)
    for one, other in zip(ours, theirs, strict=True):  # bf16 has eight bits
        assert float((one - other).abs().max()) <= 0.02 * float(other.abs().max())


def test_by_blocks_is_the_transposed_convolution() -> None:
    gradient, kernel = torch.randn(2, 4, 10, 9), torch.randn(4, 3, 5, 3)
    expected = F.conv_transpose2d(gradient, kernel, padding=(2, 1))
    torch.testing.assert_close(transposed_by_blocks(gradient, kernel), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("heads", "values", "keys"), [(1, 1, 1), (4, 3, 5), (2, 8, 16)])
def test_lambdas_are_applied_cell_by_cell(heads: int, values: int, keys: int) -> None:
    lambdas = torch.randn(2, values, keys, 7, dtype=torch.double, requires_grad=True)
    queries = torch.randn(2, heads, keys, 7, dtype=torch.double, requires_grad=True)
    expected = torch.einsum("nvkm,nhkm->nhvm", lambdas, queries)
    found = apply_lambdas(lambdas, queries)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(gradients(found, lambdas, queries), gradients(expected, lambdas, queries))

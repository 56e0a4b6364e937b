"""Position lambdas and their application to queries, the two slowest steps of a lambda layer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.grad import conv2d_weight

BLOCK = 4  # px; 4x4 neighbours as 16 channels fill the lanes of a CPU


def position_convolution(maps: Tensor, kernel: Tensor) -> Tensor:
    """Convolve maps (N, U, H, W) with an odd kernel (K, U, rows, columns), padded: (N, K, H, W)."""
    if maps.device.type == "cpu" and maps.requires_grad:
        convolved: Tensor = _PositionConvolution.apply(maps, kernel)  # type: ignore[no-untyped-call]  # torch's
        return convolved
    return F.conv2d(maps, kernel, padding=_padding(kernel))


def apply_lambdas(lambdas: Tensor, queries: Tensor) -> Tensor:
    """Return Σ_k λ_k q_k of lambdas (N, V, K, M) and queries (N, h, K, M) cell by cell: (N, h, V, M)."""
    applied: Tensor = _Application.apply(lambdas, queries)  # type: ignore[no-untyped-call]  # torch's
    return applied


class _Application(torch.autograd.Function):
    """Sum of products accumulated in place, forward and backward; einsum would make tiny matrix products."""

    @staticmethod
    def forward(ctx: Any, lambdas: Tensor, queries: Tensor) -> Tensor:
        ctx.save_for_backward(lambdas, queries)
        return _sum_of_products(zip(queries.unsqueeze(2).unbind(3), lambdas.unsqueeze(1).unbind(3), strict=True))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        lambdas, queries = ctx.saved_tensors
        of_lambdas = of_queries = None
        if ctx.needs_input_grad[0]:  # (N, V, K, M), a product a head
            of_lambdas = _sum_of_products(
                zip(gradient.unsqueeze(3).unbind(1), queries.unsqueeze(2).unbind(1), strict=True)
            )
        if ctx.needs_input_grad[1]:  # (N, h, K, M), a product a value
            of_queries = _sum_of_products(
                zip(gradient.unsqueeze(3).unbind(2), lambdas.unsqueeze(1).unbind(2), strict=True)
            )
        return of_lambdas, of_queries


def _sum_of_products(pairs: Iterable[tuple[Tensor, Tensor]]) -> Tensor:
    pairs = iter(pairs)
    one, other = next(pairs)
    total = one * other
    for one, other in pairs:
        total.addcmul_(one, other)
    return total


class _PositionConvolution(torch.autograd.Function):
    """F.conv2d forwards.

    The gradient for the maps has only U channels, one as a rule, and a convolution with one output channel leaves
    15 of a CPU's 16 lanes idle: 30 ms where the convolution itself takes 5 ms. By blocks it takes 5 ms too.
    """

    @staticmethod
    def forward(ctx: Any, maps: Tensor, kernel: Tensor) -> Tensor:
        ctx.save_for_backward(maps, kernel)
        return F.conv2d(maps, kernel, padding=_padding(kernel))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor | None]:
        maps, kernel = (saved.to(gradient.dtype) for saved in ctx.saved_tensors)  # under autocast they differ
        of_kernel = None
        if ctx.needs_input_grad[1]:
            of_kernel = conv2d_weight(maps, kernel.shape, gradient, padding=_padding(kernel))
        return transposed_by_blocks(gradient, kernel), of_kernel


def transposed_by_blocks(gradient: Tensor, kernel: Tensor) -> Tensor:
    """Convolve (N, K, H, W) with the turned kernel (K, U, rows, columns): the gradient for the maps (N, U, H, W).

    Each block of 4x4 cells is a step of a convolution with stride 4 and 16 output channels, a cell each: the same
    kernel at another place in a larger one. A cell takes (rows + 3)(columns + 3) products, not rows * columns.
    """
    k, u, rows, columns = kernel.shape
    height, width = gradient.shape[-2:]
    shifted = kernel.new_zeros(u, BLOCK, BLOCK, k, rows + BLOCK - 1, columns + BLOCK - 1)
    turned = kernel.flip(-1, -2).transpose(0, 1)
    for y in range(BLOCK):
        for x in range(BLOCK):
            shifted[:, y, x, :, y : y + rows, x : x + columns] = turned
    top, left = _padding(kernel)
    padded = F.pad(gradient, (left, left + -width % BLOCK, top, top + -height % BLOCK))
    blocks = F.conv2d(padded, shifted.flatten(0, 2), stride=BLOCK)  # (N, U * 16, H / 4, W / 4)
    return F.pixel_shuffle(blocks, BLOCK)[..., :height, :width]


def _padding(kernel: Tensor) -> tuple[int, int]:
    return kernel.shape[2] // 2, kernel.shape[3] // 2

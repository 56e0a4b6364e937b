"""The lambda layer: eq. (3)-(5) of Iida et al. 2022, after Bello, "LambdaNetworks" (ICLR 2021).

Shapes: N images, h heads, K key depth, U intra depth, V value depth = channels / heads, M = H*W cells.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.layers.conv_norm import norm_scale_and_shift
from model.layers.position_lambda import apply_lambdas, position_convolution

GATHER_COST = 120  # multiply-adds that one gathered score costs as much as; measured on CPU
POSITION_BYTES = 8 << 20  # of position lambdas at a time: what stays near the cores, and is not mapped anew


class Projection(NamedTuple):
    """Queries, keys and values of one map."""

    queries: Tensor  # (N, h, K, M), normalised
    keys: Tensor  # (N, U, K, M), softmax over M
    values: Tensor  # (N, U, V, M), normalised


class LambdaLayer(nn.Module):
    """Self-attention without attention maps: a linear function λ is applied to each cell's query.

    λ is the sum of the content lambda, one for all cells, and of the position lambda, which a local
    convolution over the values computes for each cell. Stride 2 is an average pool behind the layer.
    """

    def __init__(
        self,
        channels: int,
        *,
        stride: int = 1,
        heads: int = 4,
        key_depth: int = 16,
        intra_depth: int = 1,
        receptive_field: int = 23,
    ) -> None:
        super().__init__()
        self.heads, self.key_depth, self.intra_depth = heads, key_depth, intra_depth
        self.value_depth = channels // heads
        self.parts = (heads * key_depth, intra_depth * key_depth, intra_depth * self.value_depth)
        self.project_qkv = nn.Conv2d(channels, sum(self.parts), 1, bias=False)
        self.norm_queries: nn.Module = nn.BatchNorm2d(self.parts[0])
        self.norm_values: nn.Module = nn.BatchNorm2d(self.parts[2])
        self.position = nn.Conv2d(intra_depth, key_depth, receptive_field, padding=receptive_field // 2)
        self.pool = nn.AvgPool2d(3, stride=2, padding=1) if stride == 2 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Map x (N, C, H, W) to (N, C, H', W'); H' = ceil(H / stride)."""
        n, c, height, width = x.shape
        projection = self.project(x)
        content = self.content_lambda(projection) + self.position_bias()  # (N, K, V)
        y = torch.matmul(content.transpose(1, 2).unsqueeze(1), projection.queries)  # (N, h, V, M)
        y = y + self.position_output(projection, height, width)
        pooled: Tensor = self.pool(y.reshape(n, c, height, width))
        return pooled

    def project(self, x: Tensor) -> Projection:
        """Queries, keys and values of x (N, C, H, W)."""
        n, m = x.shape[0], x.shape[2] * x.shape[3]
        q, k, v = torch.split(self.project_qkv(x), list(self.parts), dim=1)
        return Projection(
            queries=self.norm_queries(q).reshape(n, self.heads, self.key_depth, m),
            keys=k.reshape(n, self.intra_depth, self.key_depth, m).softmax(dim=-1),
            values=self.norm_values(v).reshape(n, self.intra_depth, self.value_depth, m),
        )

    @staticmethod
    def content_lambda(projection: Projection) -> Tensor:
        """λc = K̄ᵀ V, eq. (4), summed over the intra depth: (N, K, V)."""
        return torch.matmul(projection.keys, projection.values.transpose(-1, -2)).sum(dim=1)

    def content_output(self, x: Tensor) -> Tensor:
        """λcᵀ Q alone (the "Lambda attention" of the paper's Table 2), before any pool: (N, h, V, H, W)."""
        projection = self.project(x)
        y = torch.matmul(self.content_lambda(projection).transpose(1, 2).unsqueeze(1), projection.queries)
        return y.reshape(*y.shape[:3], *x.shape[-2:])

    def position_bias(self) -> Tensor:
        """The bias of the position convolution: the same (K, 1) for every cell and value."""
        bias = self.position.bias
        assert bias is not None
        return bias.unsqueeze(1)

    def position_output(self, projection: Projection, height: int, width: int) -> Tensor:
        """λpᵀ Q, eq. (4)-(5) without the bias, in the form that is cheaper for the shape: (N, h, V, M)."""
        embedding = self.relative_embedding(height, width)
        if _scores_are_cheaper(projection, embedding):
            return position_output_by_scores(projection, embedding, height, width)
        return position_output_by_convolution(projection, embedding, height, width)

    def relative_embedding(self, height: int, width: int) -> Tensor:
        """Position kernel (K, U, rh, rw) without rows and columns that lie outside the map for every cell."""
        kernel = self.position.weight
        top = max(0, kernel.shape[2] // 2 - (height - 1))
        left = max(0, kernel.shape[3] // 2 - (width - 1))
        return kernel[:, :, top : kernel.shape[2] - top, left : kernel.shape[3] - left]

    def fold(self) -> None:
        """Fold both batch norms into the projection, for evaluation only; outputs stay the same."""
        if isinstance(self.norm_queries, nn.Identity):
            return
        assert isinstance(self.norm_queries, nn.BatchNorm2d)
        assert isinstance(self.norm_values, nn.BatchNorm2d)
        query_scale, query_shift = norm_scale_and_shift(self.norm_queries)
        value_scale, value_shift = norm_scale_and_shift(self.norm_values)
        ones = query_scale.new_ones(self.parts[1])
        scale = torch.cat([query_scale, ones, value_scale])
        self.project_qkv.weight = nn.Parameter(self.project_qkv.weight * scale.view(-1, 1, 1, 1))
        self.project_qkv.bias = nn.Parameter(torch.cat([query_shift, 0 * ones, value_shift]))
        self.norm_queries = nn.Identity()
        self.norm_values = nn.Identity()


def position_output_by_convolution(projection: Projection, embedding: Tensor, height: int, width: int) -> Tensor:
    """λp by a convolution over every value map, then Σ_k q_k λp_k, a few images at a time: (N, h, V, M)."""
    n, _, v, m = projection.values.shape
    image_bytes = v * embedding.shape[0] * m * projection.values.element_size()
    images = max(1, POSITION_BYTES // image_bytes) if projection.values.device.type == "cpu" else n
    parts = zip(projection.queries.split(images), projection.values.split(images), strict=True)
    outputs = [_convolve_and_apply(q, values, embedding, height, width) for q, values in parts]
    return outputs[0] if len(outputs) == 1 else torch.cat(outputs)


def _convolve_and_apply(queries: Tensor, values: Tensor, embedding: Tensor, height: int, width: int) -> Tensor:
    n, u, v, m = values.shape
    maps = values.transpose(1, 2).reshape(n * v, u, height, width)
    lambdas = position_convolution(maps, embedding).reshape(n, v, -1, m)
    return apply_lambdas(lambdas, queries)


def position_output_by_scores(projection: Projection, embedding: Tensor, height: int, width: int) -> Tensor:
    """S[n, m] = q_n · e_(m - n) first, then S V: cheaper for small maps: (N, h, V, M)."""
    n, h, _, m = projection.queries.shape
    k, u, rows, columns = embedding.shape
    kernel = F.pad(embedding.reshape(k, u, rows * columns), (0, 1))  # the last column is "out of reach"
    scores = projection.queries.transpose(-1, -2) @ kernel.reshape(k, -1)  # (N, h, M, U*(r+1))
    index = _relative_index(height, width, rows, columns, scores.device)  # (M, M)
    scores = scores.view(n, h, m, u, -1).gather(-1, index.view(m, 1, m).expand(n, h, m, u, m))
    values = projection.values.transpose(-1, -2).reshape(n, 1, u * m, -1)  # (N, 1, U*M, V)
    return (scores.reshape(n, h, m, u * m) @ values).transpose(-1, -2)


def _relative_index(height: int, width: int, rows: int, columns: int, device: torch.device) -> Tensor:
    """Index of offset m - n in the flattened kernel for cells n and m; rows * columns if out of its range."""
    y = torch.arange(height, device=device).repeat_interleave(width)
    x = torch.arange(width, device=device).repeat(height)
    dy = y[None, :] - y[:, None] + rows // 2
    dx = x[None, :] - x[:, None] + columns // 2
    inside = (dy >= 0) & (dy < rows) & (dx >= 0) & (dx < columns)
    return torch.where(inside, dy * columns + dx, rows * columns)


def _scores_are_cheaper(projection: Projection, embedding: Tensor) -> bool:
    """Compare multiply-adds a cell of the two forms."""
    _, heads, k, m = projection.queries.shape
    v = projection.values.shape[2]
    reach = embedding.shape[2] * embedding.shape[3]
    return heads * (k * reach + m * (GATHER_COST + v)) < v * k * reach

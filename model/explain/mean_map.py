"""One map for every image: the mean of a method's maps over a data set. It sees neither network nor image.

What it scores is owed to where things usually are in such pictures. A method must beat its own mean map
before its maps can be said to tell one image from another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from model.errors import MetricError
from model.explain.explainer import upsample
from model.network import LambdaAbn


@dataclass(frozen=True, eq=False)
class MeanMap:
    """A given map, whatever the image."""

    saliency: Tensor  # (h, w)

    def __call__(self, network: LambdaAbn, images: Tensor, targets: Tensor) -> Tensor:  # noqa: ARG002
        """Return the map at the images' size, once for each: (N, H, W)."""
        return upsample(self.saliency.to(images).expand(len(images), -1, -1), images)


def mean_map(maps: Iterable[Tensor]) -> MeanMap:
    """Average maps (H, W) of one size, each scaled to a sum of absolute values of 1 so that none outweighs others.

    Raises:
        MetricError: there are none.
    """
    total, count = torch.zeros(()), 0
    for saliency in maps:
        total = total + saliency / saliency.abs().sum().clamp(min=torch.finfo(saliency.dtype).tiny)
        count += 1
    if not count:
        raise MetricError("the mean of no maps")
    return MeanMap(total / count)

"""PID and RISE as the published programs run them: everything is built first, then shown in batches.

The yardstick for `model.metrics.pid` and `model.explain.rise`, with the same answers. Written from what is known
of these programs: masks are enlarged one by one, all perturbed images stand in one array before the first is shown.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.explain.rise_masks import RiseMasks
from model.metrics.patches import PatchGrid, ranks
from model.metrics.published_protocol import published_area, published_counts
from model.target_probability import Predict

FLOAT_BYTES = 4


def published_probability_of(network: nn.Module, target: int) -> Predict:
    """Return the softmax probability of one class for the published form of a network."""

    @torch.no_grad()
    def predict(images: Tensor) -> Tensor:
        logits: Tensor = network(images)[0]
        return logits.softmax(dim=1)[:, target]

    return predict


def published_pid(
    predict: Predict, image: Tensor, saliency: Tensor, blank: Tensor, *, patch_size: int, batch_size: int
) -> float:
    """Return PID under protocol "published" at step 1, which shows 2 N images.

    Args:
        predict: images (N, C, H, W) -> p (N,).
        image: (C, H, W), normalised.
        saliency: (H, W).
        blank: (C, H, W), normalised.
        patch_size: m in px.
        batch_size: images shown at a time.
    """
    grid = PatchGrid(image.shape[-2], image.shape[-1], patch_size)
    places = grid.spread(ranks(grid.strongest(saliency), "together")).numpy()  # (H, W)
    areas = []
    for inside, outside in ((image, blank), (blank, image)):  # insertion, deletion
        perturbed = np.empty((grid.count, *image.shape))  # (N, C, H, W), float64
        for point, n in enumerate(published_counts(1, grid.count)):
            perturbed[point] = np.where(places < n, inside.numpy(), outside.numpy())
        shown = [predict(batch.float()) for batch in torch.from_numpy(perturbed).split(batch_size)]
        areas.append(published_area(torch.cat(shown).double().numpy()))
    return areas[0] - areas[1]


def published_rise(predict: Predict, image: Tensor, drawn: RiseMasks, *, keep: float, batch_size: int) -> Tensor:
    """Return S, eq. (6) of Petsiuk et al., (H, W), from the masks that are drawn.

    Args:
        predict: images (N, C, H, W) -> p (N,).
        image: (C, H, W), normalised.
        drawn: grids and shifts of N masks.
        keep: probability that a cell is kept.
        batch_size: images shown at a time.
    """
    height, width = image.shape[-2:]
    masks = torch.stack([_mask(drawn, i, height, width) for i in range(len(drawn.grids))])  # (N, H, W)
    masked = masks.unsqueeze(1) * image  # (N, C, H, W)
    scores = torch.cat([predict(batch) for batch in masked.split(batch_size)])
    return (scores @ masks.flatten(1)).view(height, width) / (len(masks) * keep)


def published_rise_bytes(masks: int, *, channels: int, height: int, width: int) -> int:
    """Return the size of the masks and of the masked images, which stand in memory together."""
    return masks * (1 + channels) * height * width * FLOAT_BYTES


def _mask(drawn: RiseMasks, i: int, height: int, width: int) -> Tensor:
    """Enlarge the i-th grid to one cell more than the image needs and cut it at its shift: (H, W)."""
    grid = drawn.grids.shape[-1]
    size = [(grid + 1) * -(-length // grid) for length in (height, width)]
    enlarged = F.interpolate(drawn.grids[i, None, None], size=size, mode="bilinear")[0, 0]
    top, left = int(drawn.down[i]), int(drawn.right[i])
    return enlarged[top : top + height, left : left + width]

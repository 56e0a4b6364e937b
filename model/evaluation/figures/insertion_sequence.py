"""Strip of images from the insertion sequence, from the blank to the full image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from model.evaluation.result import Evaluation, MethodEvaluation
from model.metrics.patches import PatchGrid, fit, ranks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Pixels = NDArray[np.uint8]  # (H, W, C)

SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)  # of the patches
CELL_INCHES = 1.35
DPI = 110


def draw_strip(evaluation: Evaluation, pixels: Pixels, blank: Pixels, path: Path) -> None:
    """Write a PNG: one row per method, at the largest patch size; p(target) below each step.

    Where patches are tied p is the mean of two orders, and the picture shows one of them.

    Args:
        evaluation: of the image.
        pixels: (H, W, C), what the network saw.
        blank: (H, W, C), what stands where a patch is missing.
        path: of the PNG.
    """
    from matplotlib.figure import Figure  # not needed, and not imported, wherever nothing is drawn

    methods = evaluation.methods
    figure = Figure(
        figsize=(CELL_INCHES * len(SHARES), 1.2 * CELL_INCHES * len(methods)), dpi=DPI, layout="constrained"
    )
    grid = figure.subplots(len(methods), len(SHARES), squeeze=False)
    for row, (name, method) in zip(grid, methods.items(), strict=True):
        _draw_row(list(row), method, pixels, blank)
        row[0].set_title(f"{name}, m = {_largest(method)}", fontsize=7, loc="left")
    figure.savefig(path, format="png")


def insertion_steps(method: MethodEvaluation, pixels: Pixels, blank: Pixels) -> list[tuple[float, float, Pixels]]:
    """Return (share of patches, p(target), image (H, W, C)) at the measured counts next to SHARES.

    Equal patches come in row-major order.
    """
    place = int(np.argmax([score.patch_size for score in method.scores]))
    score = method.scores[place]
    height, width = pixels.shape[:2]
    grid = PatchGrid(height, width, score.patch_size)
    order = ranks(grid.strongest(fit(torch.from_numpy(method.saliency), height, width)), "row_major")
    places = grid.spread(order).numpy()[..., None]  # (H, W, 1)
    nearest = [int(np.abs(score.n - share * score.patches).argmin()) for share in SHARES]
    return [
        (score.n[i] / score.patches, score.insertion_curve[i], np.where(places < score.n[i], pixels, blank))
        for i in nearest
    ]


def _draw_row(row: list[Axes], method: MethodEvaluation, pixels: Pixels, blank: Pixels) -> None:
    for axes, (share, probability, image) in zip(row, insertion_steps(method, pixels, blank), strict=True):
        axes.imshow(image.squeeze(), cmap="gray", vmin=0, vmax=255)
        axes.set_xlabel(f"{share:.0%}: p = {probability:.3f}", fontsize=7)
        axes.set(xticks=[], yticks=[])


def _largest(method: MethodEvaluation) -> int:
    return max(score.patch_size for score in method.scores)

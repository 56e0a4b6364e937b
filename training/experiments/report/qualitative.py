"""Qualitative figure: images, the maps of each method, and lesion masks."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from model.evaluation.evaluate import explainer_of
from model.evaluation.folder import Item, load_item
from model.evaluation.request import EvaluationRequest
from model.explain.explainer import stretch
from model.images.overlay import COLORMAPS
from model.images.preprocessing import to_pixels
from training.experiments.page.blocks import Picture
from training.experiments.page.words import TITLES
from training.experiments.report.measure import MeasuredRun

COLUMNS = ("rise", "lambda_attention", "attention")  # those of the paper's figure
CELL_INCHES = 2.1
DPI = 130


def qualitative_picture(run: MeasuredRun, request: EvaluationRequest, items: Sequence[Item]) -> Picture:
    """Draw one row per image: the image, the maps of the paper's methods with their PID, and its mask if known.

    Maps are computed again (RISE with all its masks), since the documents do not contain them. Each is scaled from
    its own minimum to its maximum.

    Args:
        run: run whose maps are drawn.
        request: measured request; PID is shown for its protocol and largest patch size.
        items: of the run, at least one.
    """
    methods = [name for name in COLUMNS if name in request.methods]
    masked = any(item.masks for item in items)
    columns = 1 + len(methods) + masked
    size = (CELL_INCHES * columns, 1.16 * CELL_INCHES * len(items))
    figure = Figure(figsize=size, dpi=DPI, layout="constrained")
    grid = figure.subplots(len(items), columns, squeeze=False)
    for row, item in zip(grid, items, strict=True):
        _draw_row(list(row), run, request, item, methods)
    titles = ["image", *(TITLES[name] for name in methods), *(["lesion mask"] if masked else [])]
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title, fontsize=10)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    caption = (
        f"Maps of {run.name}, each between its own minimum and maximum. Below each its PID at "
        f'm = {max(request.patch_sizes)}, protocol "{request.protocol}"; below the image p(target).'
    )
    return Picture("qualitative", file.getvalue(), caption)


def _draw_row(
    row: list[Axes], run: MeasuredRun, request: EvaluationRequest, item: Item, methods: Sequence[str]
) -> None:
    image, mask = load_item(run.loaded, item)
    pixels = to_pixels(image, run.loaded.preprocessing).squeeze()
    explained = run.explained[request.protocol]
    document = next(each for each in explained.documents if each["path"] == str(item.path))
    _show(row[0], pixels, f"{item.path.stem}: p = {document['p_full']:.3f}")
    for axes, method in zip(row[1:], methods, strict=False):
        score = explained.score(str(item.path), method, max(request.patch_sizes))
        _show(axes, pixels, f"{score:+.3f}")
        saliency = _map(run, request, image, document["target"]["index"], method)
        axes.imshow(saliency, cmap=COLORMAPS[0], alpha=0.6, vmin=0, vmax=1)
    if len(row) > 1 + len(methods):
        _show_mask(row[-1], pixels, mask)


def _map(
    run: MeasuredRun, request: EvaluationRequest, image: Tensor, target: int, method: str
) -> NDArray[np.float32]:
    """Compute a method's map, scaled to 0..1: (H, W)."""
    network = run.loaded.network
    image = image.to(next(network.parameters()).device).unsqueeze(0)
    found = explainer_of(request, method)(network, image, torch.tensor([target], device=image.device))
    return stretch(found)[0].float().cpu().numpy()


def _show(axes: Axes, pixels: NDArray[np.uint8], below: str) -> None:
    axes.imshow(pixels, cmap="gray", vmin=0, vmax=255)
    axes.set_xlabel(below, fontsize=8)
    axes.set(xticks=[], yticks=[])


def _show_mask(axes: Axes, pixels: NDArray[np.uint8], mask: Tensor | None) -> None:
    """Draw a mask in white over the darkened image; the panel stays empty without a mask."""
    if mask is None:
        axes.set_axis_off()
        return
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
    axes.imshow(np.where(mask.numpy(), 255, grey * 0.35), cmap="gray", vmin=0, vmax=255)
    axes.set_xlabel(f"{float(mask.float().mean()):.1%} of the image", fontsize=8)
    axes.set(xticks=[], yticks=[])

"""Summary picture of one evaluation: image, overlaid maps and curves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.evaluation.result import Evaluation
from model.images.overlay import COLORMAPS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CELL_INCHES = 2.8
DPI = 110


def draw(evaluation: Evaluation, pixels: NDArray[np.uint8], path: Path) -> None:
    """Write a PNG: image and maps on top, the curves of each patch size below.

    Args:
        evaluation: of the image.
        pixels: (H, W, C), what the network saw.
        path: of the PNG.
    """
    from matplotlib.figure import Figure  # not needed, and not imported, wherever nothing is drawn

    sizes = [score.patch_size for score in next(iter(evaluation.methods.values())).scores]
    columns = max(len(evaluation.methods) + 1, len(sizes))
    figure = Figure(figsize=(CELL_INCHES * columns, 2.3 * CELL_INCHES), dpi=DPI, layout="constrained")
    _maps(figure, evaluation, pixels, columns)
    for place, patch_size in enumerate(sizes):
        _curves(figure.add_subplot(2, columns, columns + place + 1), evaluation, place, patch_size)
    figure.savefig(path, format="png", bbox_inches="tight")


def _maps(figure: Figure, evaluation: Evaluation, pixels: NDArray[np.uint8], columns: int) -> None:
    title = f"{evaluation.label}: p = {evaluation.ends.full:.3f}"
    for place, (name, saliency) in enumerate([(title, None), *_saliency(evaluation)], start=1):
        axes = figure.add_subplot(2, columns, place)
        axes.imshow(pixels.squeeze(), cmap="gray", vmin=0, vmax=255)
        if saliency is not None:
            axes.imshow(saliency, cmap=COLORMAPS[0], alpha=0.6)
        axes.set_title(name, fontsize=9)
        axes.set_axis_off()


def _saliency(evaluation: Evaluation) -> list[tuple[str, NDArray[np.float32]]]:
    return [(name, method.saliency) for name, method in evaluation.methods.items()]


def _curves(axes: Axes, evaluation: Evaluation, place: int, patch_size: int) -> None:
    """Draw insertion solid and deletion dashed, one colour per method."""
    for number, (name, method) in enumerate(evaluation.methods.items()):
        score = method.scores[place]
        share, colour = score.n / score.patches, f"C{number}"
        axes.plot(share, score.insertion_curve, color=colour, lw=1.2, label=f"{name} {score.score:+.3f}")
        axes.plot(share, score.deletion_curve, color=colour, lw=1.2, ls="--")
    axes.set_title(f'm = {patch_size}, protocol "{score.protocol}"', fontsize=9)
    axes.set_xlabel("share of patches inserted (—) or deleted (- -)", fontsize=7)
    axes.set_ylabel(f"p({evaluation.label})", fontsize=7)
    axes.set_ylim(-0.02, 1.02)
    axes.tick_params(labelsize=7)
    axes.legend(fontsize=6, title="PID", title_fontsize=6, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.2))

"""Draw the insertion and deletion curves of an evaluation."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CELL_INCHES = 3.2
DPI = 110
_DRAWING = Lock()  # matplotlib's font cache is not thread-safe


def draw_curves(result: Mapping[str, Any]) -> bytes:
    """Return a PNG: one plot per patch size, one colour per method, insertion solid, deletion dashed.

    Args:
        result: as from `Evaluation.to_dict`.
    """
    with _DRAWING:
        from matplotlib.figure import Figure  # loaded on demand: half a second and 40 MB

        methods = result["methods"]
        sizes = range(len(next(iter(methods.values()))["scores"]))
        figure = Figure(figsize=(CELL_INCHES * len(sizes), 1.2 * CELL_INCHES), dpi=DPI, layout="constrained")
        for index, axes in zip(sizes, figure.subplots(1, len(sizes), squeeze=False)[0], strict=True):
            scores = {name: method["scores"][index] for name, method in methods.items()}
            _draw_scores(axes, scores, label=result["target"]["label"])
        file = io.BytesIO()
        figure.savefig(file, format="png")
        return file.getvalue()


def _draw_scores(axes: Axes, scores: Mapping[str, Mapping[str, Any]], *, label: str) -> None:
    for number, (name, score) in enumerate(scores.items()):
        share, colour = np.array(score["n"]) / score["n"][-1], f"C{number}"
        axes.plot(share, score["insertion_curve"], color=colour, lw=1.2, label=f"{name} {score['pid']:+.3f}")
        axes.plot(share, score["deletion_curve"], color=colour, lw=1.2, ls="--")
    one = next(iter(scores.values()))
    axes.set_title(f'm = {one["patch_size"]}, protocol "{one["protocol"]}"', fontsize=9)
    axes.set_xlabel(f"share of patches inserted (—) or deleted (- -){_random(one['random_band'])}", fontsize=7)
    axes.set_ylabel(f"p({_literal(label)})", fontsize=7)
    axes.set_ylim(-0.02, 1.02)
    axes.tick_params(labelsize=7)
    axes.legend(fontsize=6, title="PID", title_fontsize=6, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.2))


def _random(band: Sequence[float] | None) -> str:
    return f"\nrandom orders: PID {band[0]:+.3f} to {band[1]:+.3f}" if band else ""


def _literal(text: str) -> str:
    """Escape a label that matplotlib would parse as mathematics."""
    return text.replace("$", r"\$")

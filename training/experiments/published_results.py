"""Published figures for comparison: Iida et al. (ACCV 2022), Tables 2 and 3.

PID of positive test images, mean and standard deviation of five runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PAPER = "Iida et al., ACCV 2022"


@dataclass(frozen=True, kw_only=True)
class PublishedScores:
    """Figures of a table of the paper, by patch size."""

    source: str
    data: str  # the data set's name
    sizes: tuple[int, ...]  # m in px
    means: Mapping[str, tuple[float, ...]]  # by method or variation: one figure per size
    sds: Mapping[str, tuple[float, ...]]  # empty if the paper prints none
    remark: str = ""

    def mean(self, name: str, patch_size: int) -> float | None:
        """Return a figure; None if the paper has none."""
        return self._at(self.means, name, patch_size)

    def sd(self, name: str, patch_size: int) -> float | None:
        """Return the standard deviation of a figure; None if the paper has none."""
        return self._at(self.sds, name, patch_size)

    def _at(self, figures: Mapping[str, tuple[float, ...]], name: str, patch_size: int) -> float | None:
        if name not in figures or patch_size not in self.sizes:
            return None
        return figures[name][self.sizes.index(patch_size)]


IDRID = PublishedScores(
    source=f"{PAPER}, Table 2",
    data="IDRiD",
    sizes=(1, 2, 4, 8, 16),
    means={
        "rise": (0.319, 0.179, 0.130, 0.136, 0.101),
        "lambda_attention": (-0.101, -0.105, -0.116, -0.123, -0.093),
        "attention": (0.111, 0.084, 0.150, 0.183, 0.230),
    },
    sds={
        "rise": (0.015, 0.080, 0.045, 0.050, 0.033),
        "lambda_attention": (0.074, 0.073, 0.081, 0.078, 0.054),
        "attention": (0.273, 0.111, 0.183, 0.253, 0.329),
    },
    remark="For RISE at m = 16 the table prints 0.101, the text of section 4.2 0.182.",
)

DEFN = PublishedScores(
    source=f"{PAPER}, Table 2",
    data="DeFN magnetograms",
    sizes=(1, 16, 32, 64, 128),
    means={
        "rise": (0.235, 0.261, 0.296, 0.379, 0.461),
        "lambda_attention": (0.374, 0.414, 0.403, 0.378, 0.291),
        "attention": (0.044, 0.311, 0.489, 0.523, 0.556),
    },
    sds={
        "rise": (0.145, 0.217, 0.199, 0.172, 0.164),
        "lambda_attention": (0.080, 0.129, 0.138, 0.162, 0.216),
        "attention": (0.055, 0.269, 0.207, 0.132, 0.135),
    },
)

ABLATION = PublishedScores(
    source=f"{PAPER}, Table 3",
    data="IDRiD",
    sizes=(1, 2, 4, 8, 16),
    means={
        "B = 3 of 16": (-0.079, -0.079, -0.053, -0.067, -0.075),
        "B = 7 of 16": (0.111, 0.084, 0.150, 0.183, 0.230),
        "B = 13 of 16": (0.061, 0.062, 0.094, 0.150, 0.137),
        "θ = 0": (0.045, 0.020, 0.023, 0.091, 0.089),
    },
    sds={},
)

_OF_KIND = {
    "idrid": IDRID,
    "generated-fundus": IDRID,
    "defn": DEFN,
    "generated-magnetogram": DEFN,
}


def published_scores(kind: str) -> PublishedScores | None:
    """Return the paper's Table 2 for a kind of data; None if the paper has no such data."""
    return _OF_KIND.get(kind)

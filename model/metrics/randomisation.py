"""Parameter randomisation: Adebayo et al., "Sanity Checks for Saliency Maps" (NeurIPS 2018), section 3.1.

From the last layer to the first, what was learned is destroyed. A map that stays the same did not tell of it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from model.errors import MetricError
from model.network import LambdaAbn


def randomisation_cascade(network: LambdaAbn, *, seed: int = 0) -> Iterator[tuple[str, LambdaAbn]]:
    """Yield copies of a network, each with one more part randomised, from the classifier down to the stem.

    The entries of each parameter and running statistic are shuffled: the sizes of activations stay near those the
    network was trained to, folded or not, while nothing of what it learned is left.

    Yields:
        the name of the part that was randomised last, and the copy.
    """
    randomised = copy.deepcopy(network)
    generator = torch.Generator().manual_seed(seed)
    for name, part in _parts(randomised):
        for values in (*part.parameters(), *part.buffers()):
            _shuffle(values, generator)
        yield name, copy.deepcopy(randomised)


def rank_correlation(first: Tensor, second: Tensor) -> float:
    """Spearman's correlation of two maps of one size, ties sharing their mean rank; 0 where one is constant.

    Raises:
        MetricError: other sizes, or not finite.
    """
    if first.shape != second.shape or not bool(torch.isfinite(torch.stack([first, second])).all()):
        raise MetricError("rank correlation is of two finite maps of one size")
    centred = [ranks - ranks.mean() for ranks in (_mean_ranks(first), _mean_ranks(second))]
    norm = centred[0].norm() * centred[1].norm()
    return float(centred[0] @ centred[1] / norm) if norm > 0 else 0.0


def _parts(network: LambdaAbn) -> Iterator[tuple[str, nn.Module]]:
    """Name the parts from the output to the input; the attention branch stands between LPB and LFE."""
    yield "classify", network.classify
    for place in reversed(range(len(network.after))):
        yield f"after.{place}", network.after[place]
    yield "branch", network.branch
    for place in reversed(range(len(network.before))):
        yield f"before.{place}", network.before[place]
    yield "stem", network.stem


@torch.no_grad()
def _shuffle(parameter: Tensor, generator: torch.Generator) -> None:
    order = torch.randperm(parameter.numel(), generator=generator).to(parameter.device)
    parameter.copy_(parameter.flatten()[order].view_as(parameter))


def _mean_ranks(values: Tensor) -> Tensor:
    """Rank values (...,), equal ones by the mean of their places: flat, float64."""
    _, place, counts = torch.unique(values.flatten(), return_inverse=True, return_counts=True)
    ranks: Tensor = counts.cumsum(0) - (counts - 1) / 2
    return ranks.double()[place]

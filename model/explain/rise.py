"""RISE: Petsiuk, Das and Saenko, "Randomized Input Sampling for Explanation" (BMVC 2018), eq. (6).

Masks are never all in memory: what is drawn beforehand is their coarse grids and shifts, and each batch makes
its masks from these. S(λ) = 1/(N p) Σ_i f(I ⊙ M_i) M_i(λ) and its standard error are running sums.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from model.errors import ConfigurationError
from model.explain.rise_masks import RiseMasks
from model.network import LambdaAbn
from model.runtime.progress import Progress, ignore
from model.target_probability import Predict, probability_of

CHECK_EVERY = 256  # masks between two looks at the standard error, whatever the batch size


@dataclass(frozen=True)
class RiseEstimate:
    """RISE map with its standard error."""

    saliency: Tensor  # (H, W)
    standard_error: Tensor  # (H, W), of the saliency
    masks: int  # that were used


@dataclass(frozen=True)
class Rise:
    """Mean of random masks, each weighted by the probability of the masked image.

    The paper's settings are grid 7, keep 0.5, 4,000 to 8,000 masks; what the LABN authors' code ran amounts
    to masks 10,000, grid 9, keep 0.618. Outside a mask lies the training set's mean colour.
    """

    masks: int = 4000  # N
    grid: int = 7  # cells a side
    keep: float = 0.5  # p, probability that a cell is kept
    seed: int = 0
    stop_at: float | None = None  # stop early once the standard error is nowhere larger
    batch_size: int = 32
    progress: Progress = field(default=ignore, compare=False, repr=False)  # (masks done, masks) for each image

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ConfigurationError: naming the knob.
        """
        for name in ("masks", "grid", "batch_size"):
            if getattr(self, name) < 1:
                raise ConfigurationError(f"{name} must be at least 1, is {getattr(self, name)}")
        if not 0 <= self.seed < 2**63:
            raise ConfigurationError(f"seed must lie in 0..2^63 - 1, is {self.seed}")
        if not 0 < self.keep <= 1:
            raise ConfigurationError(f"keep must lie in (0, 1], is {self.keep}")
        if self.stop_at is not None and not self.stop_at > 0:
            raise ConfigurationError(f"stop_at must be positive, is {self.stop_at}")

    def __call__(self, network: LambdaAbn, images: Tensor, targets: Tensor) -> Tensor:
        """Return S, eq. (6), (N, H, W).

        Raises:
            NonFiniteOutput: the network overflowed behind a mask.
        """
        pairs = zip(images, targets.tolist(), strict=True)
        return torch.stack([self.estimate(probability_of(network, target), x).saliency for x, target in pairs])

    @torch.no_grad()
    def estimate(self, predict: Predict, image: Tensor) -> RiseEstimate:
        """Return the map of one image (C, H, W) with its standard error, for any function.

        Args:
            predict: images (N, C, H, W) -> probability of the target (N,).
            image: normalised.
        """
        height, width = image.shape[-2:]
        drawn = RiseMasks(self.masks, grid=self.grid, keep=self.keep, seed=self.seed, height=height, width=width)
        sums = image.new_zeros(2, height * width, dtype=torch.float64)  # of f M and of (f M)²
        behind = image.new_empty(min(self.batch_size, self.masks), *image.shape)
        done = 0
        for batch, is_check in self._batches():
            masks = drawn.make(batch, device=image.device)  # (b, H, W)
            masked = torch.mul(masks.unsqueeze(1), image, out=behind[: len(masks)])
            scores, flat = predict(masked).to(masks), masks.flatten(1)
            sums[0] += scores @ flat
            sums[1] += scores.square() @ flat.square_()
            done = batch.stop
            self.progress(done, self.masks)
            if is_check and self._suffices(sums, done):
                break
        return RiseEstimate(
            saliency=(sums[0] / (done * self.keep)).to(image.dtype).view(height, width),
            standard_error=_error(sums, done, self.keep).to(image.dtype).view(height, width),
            masks=done,
        )

    def _suffices(self, sums: Tensor, done: int) -> bool:
        return self.stop_at is not None and bool(_error(sums, done, self.keep).max() <= self.stop_at)

    def _batches(self) -> Iterator[tuple[slice, bool]]:
        """Yield the masks of each batch, and whether the standard error is looked at behind it."""
        stretch = self.masks if self.stop_at is None else CHECK_EVERY
        for start in range(0, self.masks, stretch):
            end = min(start + stretch, self.masks)
            for first in range(start, end, self.batch_size):
                last = min(first + self.batch_size, end)
                yield slice(first, last), last == end


def _error(sums: Tensor, n: int, keep: float) -> Tensor:
    """Return the standard error of S from the sums (2, P) of n products f M and their squares: (P,)."""
    if n < 2:
        return torch.full_like(sums[0], math.inf)
    variance = (sums[1] - sums[0].square() / n).clamp(min=0) / (n - 1)
    return (variance / n).sqrt() / keep

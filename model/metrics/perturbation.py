"""p(target) of an image with some patches blanked, eq. (9). Each perturbed image is evaluated once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.errors import MetricError, NonFiniteOutput
from model.metrics.patches import PatchGrid
from model.runtime.progress import Progress
from model.target_probability import Predict

Floats = NDArray[np.float64]


class Ends(NamedTuple):
    """First and last values of every curve of an image."""

    full: float  # p(target) of the whole image
    blank: float


class Cut(NamedTuple):
    """One perturbed image: of an order of patches, the first n are kept, or all but these."""

    n: int
    inserting: bool


def evaluate_ends(predict: Predict, image: Tensor, blank: Tensor) -> Ends:
    """Return p of an image and of its blank, both (C, H, W), to share between all curves of the image.

    Raises:
        NonFiniteOutput: a probability is NaN or infinite.
    """
    full, empty = ask(predict, torch.stack([image, blank]))
    return Ends(float(full), float(empty))


class PerturbedImage:
    """An image, its blank and the probabilities found so far; for one thread."""

    def __init__(
        self,
        predict: Predict,
        image: Tensor,
        blank: Tensor,
        grid: PatchGrid,
        *,
        ends: Ends | None,
        batch_size: int,
        planned: int,
        progress: Progress,
    ) -> None:
        """Find p of the ends, unless they are known.

        Args:
            predict: images (N, C, H, W) -> p (N,).
            image: (C, H, W).
            blank: (C, H, W).
            grid: how the image is cut into patches.
            ends: p of the image and of the blank, where known.
            batch_size: perturbed images that are made and shown at a time.
            planned: upper bound on the images to come, for `progress`.
            progress: told (forwards, planned) behind each batch.
        """
        self.forwards = 0 if ends else 2
        self.ends = ends or evaluate_ends(predict, image, blank)
        self._predict, self._image, self._blank, self._grid = predict, image, blank, grid
        self._planned, self._progress = planned, progress
        self._buffer = image.new_empty(batch_size, *image.shape)
        nothing, everything = np.zeros(grid.count, bool), np.ones(grid.count, bool)
        self._known = {_key(nothing): self.ends.blank, _key(everything): self.ends.full}

    def probabilities(self, ranks: Tensor, cuts: Sequence[Cut]) -> Floats:
        """Return p of each cut (K,) of an order of patches, given as each patch's place (P,).

        Raises:
            NonFiniteOutput: a probability is NaN or infinite.
        """
        places = ranks.cpu().numpy()
        keys = [_key((places < n) == inserting) for n, inserting in cuts]
        missing = {key: cut for key, cut in zip(keys, cuts, strict=True) if key not in self._known}
        self._show(self._grid.spread(ranks), missing)
        return np.array([self._known[key] for key in keys])

    def _show(self, places: Tensor, cuts: Mapping[bytes, Cut]) -> None:
        """Find p of cuts; `places` (H, W) are those of the pixels' patches."""
        todo = iter(cuts.items())
        while batch := list(islice(todo, len(self._buffer))):
            perturbed = self._perturbed(places, [cut for _, cut in batch])
            found = ask(self._predict, perturbed)
            self._known.update(zip([key for key, _ in batch], found.tolist(), strict=True))
            self.forwards += len(batch)
            self._progress(self.forwards, self._planned)

    @torch.no_grad()
    def _perturbed(self, places: Tensor, cuts: Sequence[Cut]) -> Tensor:
        """Eq. (9): kept pixels are the image's, others the blank's: (K, C, H, W), in the buffer."""
        first = torch.tensor([cut.n for cut in cuts], device=places.device).view(-1, 1, 1)
        deleting = torch.tensor([not cut.inserting for cut in cuts], device=places.device).view(-1, 1, 1)
        kept = (places < first).logical_xor_(deleting)  # (K, H, W)
        return torch.where(kept.unsqueeze(1), self._image, self._blank, out=self._buffer[: len(cuts)])


@torch.no_grad()
def ask(predict: Predict, images: Tensor) -> Floats:
    """Return p (N,) of images (N, C, H, W).

    Raises:
        MetricError: the function gives something else than one number an image.
        NonFiniteOutput: a number is NaN or infinite.
    """
    probabilities = predict(images)
    if probabilities.shape != (len(images),):
        raise MetricError(f"predict gave {tuple(probabilities.shape)} for {len(images)} images")
    found: Floats = probabilities.detach().double().cpu().numpy()
    if not np.isfinite(found).all():
        raise NonFiniteOutput(np.flatnonzero(~np.isfinite(found)).tolist())
    return found


def _key(kept: NDArray[np.bool_]) -> bytes:
    """Name a set of patches (P,)."""
    return blake2b(np.packbits(kept).tobytes(), digest_size=16).digest()

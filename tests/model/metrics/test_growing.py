"""Partial curves, published while PID runs."""

from __future__ import annotations

import torch

from model.metrics.partial_curves import Known
from model.metrics.pid import PidOptions, patch_insertion_deletion

IMAGE = torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(1))
SALIENCY = torch.rand(16, 16, generator=torch.Generator().manual_seed(2))


def mean_light(images: torch.Tensor) -> torch.Tensor:
    return images.mean(dim=(1, 2, 3))


def test_every_word_is_a_part_of_the_curves_and_the_last_is_the_whole() -> None:
    words: list[dict[int, tuple[float, float]]] = []

    def on_points(known: Known) -> None:
        words.append(dict(known))

    blank = torch.zeros_like(IMAGE)
    score = patch_insertion_deletion(
        mean_light,
        IMAGE,
        SALIENCY,
        blank,
        patch_size=1,
        step=1,
        batch_size=32,
        options=PidOptions(on_points=on_points),
    )
    whole = dict(zip(score.n.tolist(), zip(score.insertion_curve, score.deletion_curve, strict=True), strict=True))
    assert [len(word) for word in words] == [*range(32, 257, 32), 257]
    assert all(word.items() <= whole.items() for word in words)
    assert words[-1] == whole


def test_the_scores_are_those_of_curves_that_nobody_watches() -> None:
    blank = torch.zeros_like(IMAGE)
    alone = patch_insertion_deletion(mean_light, IMAGE, SALIENCY, blank, patch_size=1, step="auto")
    watched = patch_insertion_deletion(
        mean_light, IMAGE, SALIENCY, blank, patch_size=1, step="auto", options=PidOptions(on_points=[].append)
    )
    assert watched.n.tolist() == alone.n.tolist()
    assert abs(watched.score - alone.score) < 1e-6
    assert watched.forwards == alone.forwards

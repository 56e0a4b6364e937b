"""Section 4.4 where the answer is known by thought: a network that recognises nothing but whole cells of 4 px."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from model.metrics.coarseness import blur_effects

SIDE, CELL = 32, 4  # px
LESIONS = ((2, 2), (5, 6))  # cells, row and column
IMAGE, BLANK = torch.ones(1, SIDE, SIDE), torch.zeros(1, SIDE, SIDE)


def whole_lesions(images: Tensor) -> Tensor:
    """p = the share of lesions of which every pixel is there."""
    least = -F.max_pool2d(-images[:, 0], CELL)  # (N, 8, 8)
    return torch.stack([least[:, row, column] for row, column in LESIONS], dim=1).mean(dim=1)


def peaks() -> Tensor:
    """A fine map: it finds each lesion, by a single pixel; all else is a faint noise that knows nothing."""
    saliency = 0.1 * torch.rand(SIDE, SIDE, generator=torch.Generator().manual_seed(3))
    for row, column in LESIONS:
        saliency[row * CELL + 1, column * CELL + 2] = 10.0
    return saliency


def test_a_blur_is_overrated_pixel_by_pixel_and_not_by_patches_that_the_network_recognises() -> None:
    pixels, cells = blur_effects(
        whole_lesions, IMAGE, peaks(), BLANK, patch_sizes=(1, CELL), sigma_px=2.0, points=1024
    )
    # Pixel by pixel the last of the 32 pixels of the lesions comes late; blurred, their spots come first.
    assert pixels.fine.insertion < 0.15
    assert pixels.blurred.insertion > 0.85
    assert pixels.gain > 0.7
    # Deletion needs one pixel of each lesion: the fine map has these first and nothing to gain.
    assert pixels.fine.deletion == pytest.approx(1.25 / 1024, abs=1e-3)
    # By whole cells both put the two lesions first of 64: insertion is the trapezoid of 0, 1/2, 1, 1, …
    assert cells.fine.insertion == pytest.approx(1 - 1 / 64)
    assert cells.fine.deletion == pytest.approx(1 / 64)
    assert cells.gain == pytest.approx(0.0)


def test_a_blur_that_loses_the_lesions_is_still_overrated_pixel_by_pixel_and_punished_by_cells() -> None:
    pixels, cells = blur_effects(
        whole_lesions, IMAGE, peaks(), BLANK, patch_sizes=(1, CELL), sigma_px=12.0, points=1024
    )
    assert pixels.gain > 0.2
    assert cells.gain < -0.5


def test_the_curves_have_as_many_points_as_were_asked_for() -> None:
    for effect in blur_effects(
        whole_lesions, IMAGE, peaks(), BLANK, patch_sizes=(1, 4, 16), sigma_px=2.0, points=8
    ):
        assert len(effect.fine.n) <= 9
        assert effect.fine.n[0] == 0
        assert effect.fine.n[-1] == effect.fine.patches


def test_no_blur_changes_nothing() -> None:
    for effect in blur_effects(whole_lesions, IMAGE, peaks(), BLANK, patch_sizes=(1, CELL), sigma_px=1e-3):
        assert effect.gain == 0.0

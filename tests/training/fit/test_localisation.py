"""Where attention lies, on images whose lesions are known."""

from __future__ import annotations

import pytest
import torch

from training.data.images import LabelledImages
from training.fit.localisation import localisation_record


def masked(rows: list[int | None]) -> LabelledImages:
    """16x16 images with one row of lesions each, or none."""
    masks = torch.zeros(len(rows), 1, 16, 16, dtype=torch.uint8)
    for image, row in enumerate(rows):
        if row is not None:
            masks[image, 0, row] = 1
    return LabelledImages(torch.zeros(len(rows), 3, 16, 16), torch.ones(len(rows), dtype=torch.int64), masks)


def test_attention_on_lesions_alone_hits_with_all_its_energy() -> None:
    images = masked([3, None, 12])
    assert images.masks is not None
    record = localisation_record(images.masks.float(), images)
    assert record == {"attention_hits": 1.0, "attention_energy": 16.0}  # one row of 16


def test_attention_that_is_the_same_everywhere_has_the_lesions_share() -> None:
    record = localisation_record(torch.full((2, 1, 4, 4), 0.3), masked([3, 12]))
    assert record["attention_energy"] == pytest.approx(1)


def test_attention_away_from_lesions_misses() -> None:
    attention = torch.zeros(1, 1, 16, 16)
    attention[0, 0, 15] = 1
    assert localisation_record(attention, masked([3])) == {"attention_hits": 0.0, "attention_energy": 0.0}


@pytest.mark.parametrize("images", [masked([None, None]), LabelledImages(torch.zeros(1), torch.zeros(1))])
def test_without_masks_there_is_no_figure(images: LabelledImages) -> None:
    record = localisation_record(torch.rand(2, 1, 4, 4), images)
    assert record == {"attention_hits": None, "attention_energy": None}

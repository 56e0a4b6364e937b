"""Where attention lies while a network trains, on the validation images whose lesions are known."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from torch import Tensor

from model.evaluation.evaluate import TOLERANCE_PX
from model.metrics.localisation import localise
from training.data.images import LabelledImages

IMAGES = 64  # at most: generated validation images are all masked


class LocalisationRecord(TypedDict):
    """Part of an epoch's record; None without any mask."""

    attention_hits: float | None
    attention_energy: float | None


def localisation_record(attention: Tensor, images: LabelledImages) -> LocalisationRecord:
    """Compare attention (N, 1, h, w) with the masks of images that have something inside, the first of them."""
    if images.masks is None:
        return {"attention_hits": None, "attention_energy": None}
    places = images.masks.flatten(1).any(dim=1).nonzero().flatten()[:IMAGES].tolist()
    found = [localise(attention[i, 0], images.masks[i, 0], tolerance_px=TOLERANCE_PX) for i in places]
    if not found:
        return {"attention_hits": None, "attention_energy": None}
    return {
        "attention_hits": float(np.mean([each.pointing_game for each in found])),
        "attention_energy": float(np.mean([each.energy_inside / each.mask_share for each in found])),
    }

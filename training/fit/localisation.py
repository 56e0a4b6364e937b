"""Localisation of the attention map during training, on validation images with known lesions."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from torch import Tensor

from model.evaluation.evaluate import TOLERANCE_PX
from model.metrics.localisation import localise
from training.data.images import LabelledImages

IMAGES = 64  # at most; all generated validation images have masks


class LocalisationRecord(TypedDict):
    """Localisation figures of an epoch; None without masks."""

    attention_hits: float | None
    attention_energy: float | None


def localisation_record(attention: Tensor, images: LabelledImages) -> LocalisationRecord:
    """Compare attention (N, 1, h, w) with the first nonempty masks."""
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

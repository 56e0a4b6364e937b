"""PID of the attention map on a few validation images during training (section 3.2)."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from model.checkpoint import LoadedCheckpoint
from model.errors import NonFiniteOutput
from model.evaluation.evaluate import evaluate_image
from model.evaluation.request import EvaluationRequest
from training.data.images import LabelledImages

PATCH_SIZE = 16  # m of the paper's Table 3, px


def attention_pid(loaded: LoadedCheckpoint, images: LabelledImages, count: int) -> float | None:
    """Return the attention map's mean PID, protocol "paper", over the first `count` images that are not of class 0.

    None without such an image. NaN if the network overflows on a partly deleted image; training goes on then.
    """
    request = EvaluationRequest(methods=("attention",), patch_sizes=(PATCH_SIZE,), step="recommended")
    scores = []
    for place in images.labels.nonzero().flatten().tolist()[:count]:
        asked = replace(request, target=loaded.labels[int(images.labels[place])])
        [image] = images.images[place : place + 1]
        try:
            evaluation = evaluate_image(loaded, image, asked)
        except NonFiniteOutput:
            return math.nan
        scores.append(evaluation.methods["attention"].scores[0].score)
    return float(np.mean(scores)) if scores else None

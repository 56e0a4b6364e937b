from __future__ import annotations

import io

import numpy as np
from PIL import Image

from service.evaluations.map_picture import draw_map, scale_map
from service.evaluations.schemas import MapOptions


def test_maps_are_scaled_by_their_own_range_but_for_attention() -> None:
    saliency = np.array([[-2.0, 0.0], [2.0, 6.0]], dtype=np.float32)
    assert scale_map(saliency, "rise").tolist() == [[0.0, 0.25], [0.5, 1.0]]
    assert scale_map(saliency / 10, "attention").tolist() == (saliency / 10).tolist()
    assert scale_map(np.full((2, 2), 3.0, dtype=np.float32), "random").tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_what_is_not_above_the_threshold_is_transparent() -> None:
    saliency = np.array([[0.0, 0.4], [0.6, 1.0]], dtype=np.float32)
    drawn = Image.open(io.BytesIO(draw_map(saliency, MapOptions(threshold=0.5, opacity=1))))
    assert np.asarray(drawn)[..., 3].tolist() == [[0, 0], [255, 255]]

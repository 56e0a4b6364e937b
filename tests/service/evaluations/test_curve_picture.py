from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from PIL import Image

from service.evaluations.curve_picture import draw_curves
from service.openapi.examples import load_example


def example(*, label: str = "ill", band: list[float] | None = None, sizes: int = 1) -> dict[str, Any]:
    result = load_example("evaluation")["result"]
    (score,) = result["methods"]["attention"]["scores"]
    scores = [{**score, "random_band": band, "patch_size": 2**place} for place in range(sizes)]
    methods = {name: {"scores": scores} for name in ("attention", "lambda_attention")}
    return {"target": {"label": label, "index": 0}, "methods": methods}


def drawn(result: dict[str, Any]) -> Image.Image:
    return Image.open(io.BytesIO(draw_curves(result)))


def test_a_patch_size_more_is_a_picture_wider() -> None:
    one, three = drawn(example()), drawn(example(sizes=3))
    assert three.height == one.height
    assert three.width == 3 * one.width


def test_labels_are_not_mathematics() -> None:
    for label in ("$\\frac{", "$x$", "\\", "_^", ""):
        assert drawn(example(label=label)).width > 100


def test_the_random_band_is_told() -> None:
    assert np.asarray(drawn(example())).tolist() != np.asarray(drawn(example(band=[-0.1, 0.1]))).tolist()


def test_several_at_once_are_the_same() -> None:
    expected = draw_curves(example())
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: draw_curves(example()), range(8))) == {expected}

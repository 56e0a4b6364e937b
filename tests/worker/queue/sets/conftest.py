"""Sets of images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.worker.requests import QUICK, model_of
from worker.queue.contracts.evaluation import EvaluationParameters
from worker.queue.contracts.sets import SetItem, SetPayload
from worker.queue.store.blobs import sha256

PARAMETERS = EvaluationParameters(**(QUICK | {"methods": ("attention", "random")}))


@pytest.fixture
def images(encode: Callable[..., bytes]) -> list[bytes]:
    return [encode(seed=seed) for seed in range(4)]


@pytest.fixture
def make_set(tiny_checkpoint: Path) -> Callable[..., SetPayload]:
    """Makes a set of images; every second one is labelled positive."""

    def make(images: list[bytes]) -> SetPayload:
        items = tuple(
            SetItem(file=f"{number}.jpg", label=("negative", "positive")[number % 2], image_sha256=sha256(image))
            for number, image in enumerate(images)
        )
        return SetPayload(model=model_of(tiny_checkpoint), parameters=PARAMETERS, items=items)

    return make

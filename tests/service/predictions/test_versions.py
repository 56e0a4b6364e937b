"""Two versions of a model side by side, and which of them answers to the name alone: with real processes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from model.checkpoint import checkpoint_version
from tests.conftest import Encode
from tests.service.live import LiveService

Start = Callable[..., LiveService]


@pytest.fixture
def blue(save_tiny: Callable[..., Path]) -> Path:
    return save_tiny("eyes", seed=1)


@pytest.fixture
def green(save_tiny: Callable[..., Path]) -> Path:
    return save_tiny("eyes", seed=2)


def answering(service: LiveService, image: bytes, model: str | None = None) -> str:
    """The version that answers to a name."""
    answer = httpx.post(f"{service.url}/v1/predictions", content=image, params={"model": model} if model else {})
    version: str = answer.raise_for_status().json()["model"]["version"]
    return version


def test_upgrade_and_rollback(start_live: Start, blue: Path, green: Path, encode: Encode) -> None:
    image, old, new = encode(), checkpoint_version(blue), checkpoint_version(green)
    beside = start_live(f"{blue.parent}:{green.parent}", shadow_model=f"eyes@{new}", shadow_share=1)
    assert old != new
    assert answering(beside, image) == answering(beside, image, "eyes") == old
    assert answering(beside, image, f"eyes@{new}") == new
    assert answering(beside, image, f"eyes@{old}") == old
    assert beside.metric(f'labn_shadow_predictions_total{{model="eyes@{new}"') >= 0
    listed = httpx.get(f"{beside.url}/v1/models").json()["models"]
    assert [(model["version"], model["default"]) for model in listed] == [(old, True), (new, False)]
    beside.stop()
    upgraded = start_live(f"{green.parent}:{blue.parent}")
    assert answering(upgraded, image, "eyes") == answering(upgraded, image) == new
    assert answering(upgraded, image, f"eyes@{old}") == old
    upgraded.stop()
    back = start_live(f"{blue.parent}:{green.parent}")
    assert answering(back, image, "eyes") == answering(back, image) == old


def test_in_one_folder_the_plain_name_is_the_current_one(
    start_live: Start, blue: Path, save_tiny: Callable[..., Path], encode: Encode
) -> None:
    candidate = save_tiny("eyes@2025-06", seed=2, folder=blue.parent)
    service = start_live(blue.parent)
    assert answering(service, encode(), "eyes") == checkpoint_version(blue)
    assert answering(service, encode(), f"eyes@{checkpoint_version(candidate)}") == checkpoint_version(candidate)

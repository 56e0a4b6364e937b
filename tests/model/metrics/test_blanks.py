"""What stands where a patch is missing."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch

from model.config import Preprocessing
from model.errors import MetricError
from model.images.normalisation import denormalise, normalise
from model.metrics.blanks import blank_image, blurred

PREPROCESSING = Preprocessing(mode="rgb", height=24, width=40, mean=(0.4, 0.2, 0.1), std=(0.3, 0.2, 0.1))


@pytest.fixture
def image() -> torch.Tensor:
    return normalise(torch.rand(3, 24, 40, generator=torch.Generator().manual_seed(0)), PREPROCESSING)


def test_black_is_0_in_raw_pixels(image: torch.Tensor) -> None:
    black = blank_image("black", image, PREPROCESSING)
    torch.testing.assert_close(denormalise(black, PREPROCESSING), torch.zeros(3, 24, 40))


def test_mean_is_the_training_set_s_colour(image: torch.Tensor) -> None:
    pixels = denormalise(blank_image("mean", image, PREPROCESSING), PREPROCESSING)
    torch.testing.assert_close(pixels[:, 3, 5], torch.tensor(PREPROCESSING.mean))


def test_blur_keeps_light_and_takes_detail(image: torch.Tensor) -> None:
    blurry = blank_image("blur", image, PREPROCESSING)
    assert blurry.shape == image.shape
    assert (blurry.mean() - image.mean()).abs() < 0.1 * image.std()
    assert bool((blurry.std(dim=(1, 2)) < 0.2 * image.std(dim=(1, 2))).all())


def test_blur_of_a_point_is_a_gaussian() -> None:
    point = torch.zeros(1, 61, 61)
    point[0, 30, 30] = 1.0
    offsets = torch.arange(61.0) - 30
    bell = torch.exp(-(offsets**2) / 18)
    torch.testing.assert_close(
        blurred(point, sigma_px=3.0)[0], torch.outer(bell, bell) / bell.sum() ** 2, atol=1e-4, rtol=0
    )


def test_blur_of_one_colour_is_that_colour() -> None:
    torch.testing.assert_close(blurred(torch.full((2, 5, 9), 0.3)), torch.full((2, 5, 9), 0.3))


def test_an_unknown_kind_is_refused(image: torch.Tensor) -> None:
    with pytest.raises(MetricError, match="black, mean, blur"):
        blank_image(cast(Any, "white"), image, PREPROCESSING)

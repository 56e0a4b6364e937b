"""Images unlike the training set are told apart from those like it."""

from __future__ import annotations

import json

import pytest
import torch
from torch import Tensor

from model.images.familiarity import InputStatistics, feature_names, features, input_statistics


def training_images(n: int = 60, channels: int = 3) -> Tensor:
    """Smooth images of mean 0.3 to 0.5."""
    generator = torch.Generator().manual_seed(0)
    cells = torch.rand(n, channels, 4, 4, generator=generator) * 0.4
    level = 0.1 + 0.2 * torch.rand(n, 1, 1, 1, generator=generator)
    return torch.nn.functional.interpolate(cells, size=(32, 32), mode="bilinear") + level


@pytest.fixture
def statistics() -> InputStatistics:
    return input_statistics(training_images())


def test_features_of_a_known_image() -> None:
    """Left half 0, right half 1: mean and deviation 1/2; half of the corners white; one step in 19 of a row."""
    image = torch.zeros(1, 1, 20, 20)
    image[..., 10:] = 1
    assert features(image)[0].tolist() == pytest.approx([0.5, 0.5, 0.5, 1 / 19])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("height", "width"), [(32, 32), (1, 1), (1, 7), (7, 1)])
def test_each_feature_has_a_name_at_any_size(channels: int, height: int, width: int) -> None:
    measured = features(torch.rand(2, channels, height, width))
    assert measured.shape == (2, len(feature_names(channels)))
    assert bool(measured.isfinite().all())


@pytest.mark.parametrize("channels", [1, 3])
def test_training_images_look_familiar(channels: int) -> None:
    known = input_statistics(training_images(channels=channels))
    assert [known.unusual(image) for image in training_images(channels=channels)] == [[]] * 60


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (torch.ones(3, 32, 32), "mean red is 1.000"),
        (torch.zeros(3, 32, 32), "brightness of the corners is 0.000"),
        (torch.full((3, 32, 32), 0.4), "contrast of green is 0.000"),
        (torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(1)), "fine detail is"),
    ],
)
def test_others_get_a_sentence_for_each_strange_feature(
    statistics: InputStatistics, image: Tensor, said: str
) -> None:
    assert any(said in sentence for sentence in statistics.unusual(image))


def test_one_strange_channel_is_named_alone(statistics: InputStatistics) -> None:
    image = training_images()[0]
    image[2, 8:24, 8:24] = 5.0
    said = " ".join(statistics.unusual(image))
    assert "blue" in said
    assert "red" not in said
    assert "green" not in said


def test_ranges_hold_99_percent_of_the_training_images() -> None:
    n = 1001
    statistics = input_statistics((torch.arange(n) / (n - 1)).view(n, 1, 1, 1).expand(n, 1, 8, 8))
    assert (statistics.low[0], statistics.high[0]) == pytest.approx((0.005, 0.995), abs=1e-6)


def test_statistics_survive_json(statistics: InputStatistics) -> None:
    assert InputStatistics.from_dict(json.loads(json.dumps(statistics.to_dict()))) == statistics

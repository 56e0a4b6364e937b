"""The figures of a checkpoint, and the card that tells them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from training.evaluation import Scores, figures


@pytest.fixture
def perfect() -> Scores:
    labels = np.array([0, 0, 1, 1])
    return Scores(labels, np.array([0.1, 0.2, 0.8, 0.9]), np.array([0.0, 0.0, 0.5, 0.25]))


def test_a_perfect_separation_has_figures_of_one(perfect: Scores) -> None:
    report = figures(perfect, operating_point=0.5)
    for name in ("auroc", "accuracy", "balanced_accuracy", "sensitivity", "specificity"):
        assert report[name] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert report["images"] == 4
    assert report["positives"] == 2


def test_the_operating_point_is_the_one_given(perfect: Scores) -> None:
    point = figures(perfect, operating_point=0.85)["operating_point"]
    assert point["threshold"] == 0.85
    assert point["sensitivity"]["value"] == 0.5
    assert point["specificity"]["value"] == 1.0


def test_attention_coverage_is_told_by_class(perfect: Scores) -> None:
    assert figures(perfect, operating_point=0.5)["attention_coverage"] == {
        "mean": 0.1875,
        "of_positives": 0.375,
        "of_negatives": 0.0,
        "images_without_any": 0.5,
    }


def test_figures_are_plain_json(perfect: Scores) -> None:
    report = figures(perfect, operating_point=0.5)
    assert json.loads(json.dumps(report)) == report

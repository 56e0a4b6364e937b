"""Measures of two classes against scikit-learn and cases known by thought."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics

from model.metrics.classification import (
    Floats,
    Labels,
    accuracy,
    auroc,
    balanced_accuracy,
    bootstrap_interval,
    brier_score,
    expected_calibration_error,
    macro_auroc,
    sensitivity,
    specificity,
    true_skill_statistic,
    youden_threshold,
)


def draw(n: int, *, seed: int, levels: int) -> tuple[Labels, Floats]:
    """Labels of both classes and scores with ties."""
    generator = np.random.default_rng(seed)
    labels = generator.permutation(np.arange(n) % 3 == 0).astype(np.int64)
    return labels, (generator.integers(0, levels, n) + labels) / (levels + 1)


class TestAuroc:
    @pytest.mark.parametrize("seed", range(5))
    @pytest.mark.parametrize("levels", [1, 4, 1000])
    def test_equals_scikit_learn_s_with_ties(self, seed: int, levels: int) -> None:
        labels, scores = draw(40, seed=seed, levels=levels)
        assert auroc(labels, scores) == pytest.approx(metrics.roc_auc_score(labels, scores), abs=1e-12)

    def test_macro_average_equals_scikit_learn_s(self) -> None:
        generator = np.random.default_rng(0)
        labels, probabilities = np.arange(60) % 3, generator.dirichlet(np.ones(3), 60)
        expected = metrics.roc_auc_score(labels, probabilities, multi_class="ovr", average="macro")
        assert macro_auroc(labels, probabilities) == pytest.approx(expected, abs=1e-12)

    @pytest.mark.parametrize(("scores", "expected"), [([0, 1, 2, 3], 1), ([3, 2, 1, 0], 0), ([7, 7, 7, 7], 0.5)])
    def test_of_perfect_reversed_and_constant_scores(self, scores: list[float], expected: float) -> None:
        assert auroc(np.array([0, 0, 1, 1]), np.array(scores, dtype=float)) == expected

    @pytest.mark.parametrize("label", [0, 1])
    def test_needs_both_classes(self, label: int) -> None:
        with pytest.raises(ValueError, match="both classes"):
            auroc(np.full(3, label), np.arange(3.0))


class TestRates:
    labels = np.array([1, 1, 1, 0, 0])
    scores = np.array([0.9, 0.5, 0.2, 0.5, 0.1])

    def test_equal_scikit_learn_s_with_scores_at_the_threshold_positive(self) -> None:
        predicted = self.scores >= 0.5
        expected = {
            sensitivity: metrics.recall_score(self.labels, predicted),
            specificity: metrics.recall_score(self.labels, predicted, pos_label=0),
            accuracy: metrics.accuracy_score(self.labels, predicted),
            balanced_accuracy: metrics.balanced_accuracy_score(self.labels, predicted),
            true_skill_statistic: metrics.balanced_accuracy_score(self.labels, predicted, adjusted=True),
        }
        for figure, value in expected.items():
            assert figure(self.labels, self.scores) == pytest.approx(value)

    def test_skill_is_0_for_a_constant_and_minus_1_for_what_is_always_wrong(self) -> None:
        assert true_skill_statistic(self.labels, np.full(5, 0.7)) == 0
        assert true_skill_statistic(self.labels, 1.0 - self.labels) == -1

    def test_move_with_the_threshold(self) -> None:
        assert sensitivity(self.labels, self.scores, 0.2) == 1
        assert specificity(self.labels, self.scores, 0.95) == 1


class TestYouden:
    def test_lies_midway_in_the_gap_between_separable_classes(self) -> None:
        assert youden_threshold(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.6, 0.9])) == pytest.approx(0.4)

    def test_takes_the_middle_of_equally_good_gaps(self) -> None:
        """Sensitivity + specificity: 1, 4/3, 1, 4/3, 1, 4/3 over the six gaps: the middle of three is 0.35."""
        labels = np.array([0, 1, 0, 1, 0, 1])
        scores = np.array([0.0, 0.1, 0.3, 0.4, 0.7, 0.8])
        assert youden_threshold(labels, scores) == pytest.approx(0.35)

    @pytest.mark.parametrize("seed", range(4))
    def test_no_other_threshold_is_better(self, seed: int) -> None:
        labels, scores = draw(60, seed=seed, levels=20)
        best = balanced_accuracy(labels, scores, youden_threshold(labels, scores))
        others = [balanced_accuracy(labels, scores, threshold) for threshold in np.linspace(-0.1, 1.1, 500)]
        assert best == pytest.approx(max(others), abs=1e-12)


class TestCalibration:
    def test_error_is_zero_where_frequency_is_the_probability(self) -> None:
        labels = np.array([1, 0, 0, 0, 1, 1, 1, 0])
        assert expected_calibration_error(labels, np.array([0.25] * 4 + [0.75] * 4)) == pytest.approx(0)

    def test_error_weighs_bins_by_their_counts(self) -> None:
        """Three of probability 0.95, all wrong (0.95 off); one of 0.05, rightly negative (0.05 off)."""
        scores = np.array([0.95, 0.95, 0.95, 0.05])
        assert expected_calibration_error(np.zeros(4, dtype=np.int64), scores) == pytest.approx(0.725)

    def test_probability_one_belongs_to_the_last_bin(self) -> None:
        assert expected_calibration_error(np.array([1, 1]), np.array([1.0, 0.98])) == pytest.approx(0.01)

    def test_brier_score_equals_scikit_learn_s(self) -> None:
        labels, scores = draw(40, seed=0, levels=20)
        assert brier_score(labels, scores) == pytest.approx(metrics.brier_score_loss(labels, scores))


class TestBootstrap:
    def test_is_the_same_for_the_same_seed_only(self) -> None:
        labels, scores = draw(60, seed=0, levels=100)
        first, again, other = (bootstrap_interval(auroc, labels, scores, rounds=50, seed=s) for s in (3, 3, 4))
        assert first == again != other

    def test_holds_the_value_and_narrows_with_the_level(self) -> None:
        labels, scores = draw(90, seed=1, levels=100)
        wide, narrow = (bootstrap_interval(auroc, labels, scores, rounds=300, level=p) for p in (0.95, 0.5))
        assert wide.value == narrow.value == auroc(labels, scores)
        assert wide.low < narrow.low < wide.value < narrow.high < wide.high

    def test_covers_the_truth_as_often_as_it_says(self) -> None:
        """Positives N(1, 1), negatives N(0, 1): the true AUROC is Φ(1 / √2) = 0.7602."""
        truth = 0.5 * (1 + math.erf(0.5))
        generator = np.random.default_rng(0)
        labels = np.repeat([0, 1], 40)
        intervals = [
            bootstrap_interval(auroc, labels, generator.normal(size=80) + labels, rounds=200, level=0.9)
            for _ in range(60)
        ]
        assert 0.75 < np.mean([interval.low <= truth <= interval.high for interval in intervals]) < 0.99

    def test_never_loses_a_class(self) -> None:
        labels = np.array([1, 0, 0, 0, 0, 0])
        assert bootstrap_interval(auroc, labels, np.arange(6.0), rounds=200).value == 0


def test_auroc_refuses_scores_that_are_nan() -> None:
    with pytest.raises(ValueError, match="NaN"):
        auroc(np.array([0, 1]), np.array([0.5, np.nan]))

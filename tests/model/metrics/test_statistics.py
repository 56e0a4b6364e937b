"""Statistics against scipy and cases known by thought."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from model.errors import MetricError
from model.metrics.statistics import holm, mean_interval, paired_difference, random_band, sign_flip_test


class TestMeanInterval:
    def test_of_equal_scores_is_a_point(self) -> None:
        assert mean_interval([0.25] * 5) == (0.25, 0.25, 0.25)

    def test_agrees_with_scipy_s_percentile_bootstrap(self) -> None:
        scores = np.random.default_rng(0).gamma(1.0, 2.0, 60)
        value, low, high = mean_interval(scores)
        expected = stats.bootstrap((scores,), np.mean, n_resamples=10_000, method="percentile", rng=1)
        assert value == scores.mean()
        assert (low, high) == pytest.approx(tuple(expected.confidence_interval), abs=0.05 * (high - low))

    def test_covers_the_truth_as_often_as_it_says(self) -> None:
        generator = np.random.default_rng(1)
        intervals = [mean_interval(generator.normal(0, 1, 40), rounds=1000) for _ in range(300)]
        assert 0.90 <= np.mean([low <= 0 <= high for _, low, high in intervals]) <= 0.98

    def test_follows_the_seed(self) -> None:
        scores = np.random.default_rng(0).normal(0, 1, 30)
        assert mean_interval(scores, seed=1) == mean_interval(scores, seed=1) != mean_interval(scores, seed=2)


class TestSignFlip:
    def test_all_of_one_sign_has_two_of_all_outcomes(self) -> None:
        assert sign_flip_test([0.3, 0.1, 0.2, 0.7]) == 2 / 16

    def test_equals_scipy_s_exact_permutation_test(self) -> None:
        differences = [0.5, -0.25, 1.0, 0.125, -0.75, 0.5, 0.25]
        expected = stats.permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=np.inf)
        assert sign_flip_test(differences) == pytest.approx(expected.pvalue)

    def test_no_difference_is_certain_to_be_chance(self) -> None:
        assert sign_flip_test([0.0] * 6) == 1.0
        assert sign_flip_test([0.1, -0.1] * 20) == 1.0

    def test_many_images_draw_signs_and_the_p_value_is_never_0(self) -> None:
        assert sign_flip_test([1.0] * 100, rounds=999) == 1 / 1000

    def test_drawing_agrees_with_going_through_all(self) -> None:
        differences = np.random.default_rng(3).normal(0.4, 1, 16)
        padded = np.append(differences, 0.0)  # a 17th image that changes nothing, but makes signs drawn
        assert sign_flip_test(padded, rounds=20_000) == pytest.approx(sign_flip_test(differences), abs=0.015)

    def test_p_values_of_chance_are_uniform(self) -> None:
        generator = np.random.default_rng(0)
        values = [sign_flip_test(generator.normal(0, 1, 10)) for _ in range(400)]
        assert np.quantile(values, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.07)


class TestPairedDifference:
    def test_pairs_cancel_what_images_have_in_common(self) -> None:
        common = np.random.default_rng(0).normal(0, 10, 12)
        difference = paired_difference(common + 0.5, common)
        assert difference.mean == pytest.approx((0.5, 0.5, 0.5))
        assert difference.p_value == 2 / 2**12

    def test_of_unequal_counts_is_refused(self) -> None:
        with pytest.raises(MetricError, match="paired"):
            paired_difference([0.1, 0.2], [0.1])


class TestHolm:
    def test_the_published_rule(self) -> None:
        assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])

    def test_never_over_1_and_never_under_the_p_value(self) -> None:
        assert holm([0.9, 0.8]) == [1.0, 1.0]
        assert holm([0.2]) == [0.2]
        assert holm([]) == []


class TestRandomBand:
    def test_are_scipy_s_weibull_quantiles(self) -> None:
        scores = np.random.default_rng(0).normal(0, 1, 100)
        expected = stats.mstats.mquantiles(scores, [0.025, 0.975], alphap=0, betap=0)
        assert random_band(scores) == pytest.approx(tuple(expected))

    def test_of_few_scores_ends_at_the_outermost(self) -> None:
        assert random_band(np.arange(1, 40) / 40) == pytest.approx((1 / 40, 39 / 40))
        assert random_band([0.1, 0.2]) == (0.1, 0.2)  # no farther than the outermost

    def test_mirrored_is_symmetric(self) -> None:
        low, high = random_band([0.1, 0.2, -0.05], mirrored=True)
        assert low == -high
        assert 0.1 < high <= 0.2


@pytest.mark.parametrize("scores", [[], [0.1, float("nan")], [float("inf")]])
def test_nothing_and_what_is_not_finite_is_refused(scores: list[float]) -> None:
    for statistic in (mean_interval, sign_flip_test, random_band):
        with pytest.raises(MetricError, match="finite"):
            statistic(scores)

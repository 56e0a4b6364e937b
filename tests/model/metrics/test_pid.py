"""Patch insertion-deletion where the answer is known by thought."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from model.errors import MetricError, NonFiniteOutput
from model.metrics.chance import random_order_scores
from model.metrics.curve import adaptive, adaptive_budget, area, error_estimate, every, is_symmetric
from model.metrics.patches import PatchGrid, fit
from model.metrics.perturbation import Ends, evaluate_ends
from model.metrics.pid import PidOptions, patch_insertion_deletion
from model.metrics.published_protocol import recommended_step
from model.target_probability import Predict, probability_of
from tests.model.networks import images, small_network


class AdditivePatches:
    """p = Σ of the weights of the patches that are there; images are 1, blanks 0; weights are exact in binary."""

    def __init__(self, rows: int, columns: int, patch_size: int = 2, seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)
        shuffled = torch.randperm(rows * columns, generator=generator) + 1
        self.weights = shuffled.double().reshape(rows, columns) / 1024
        self.patch_size = patch_size
        self.image = torch.ones(1, rows * patch_size, columns * patch_size)
        self.blank = torch.zeros_like(self.image)
        self.batches: list[int] = []

    def __call__(self, batch: Tensor) -> Tensor:
        self.batches.append(len(batch))
        return (batch[:, 0, :: self.patch_size, :: self.patch_size] * self.weights).sum(dim=(1, 2))

    def map(self, strengths: Tensor) -> Tensor:
        return F.interpolate(strengths[None, None], scale_factor=float(self.patch_size), mode="nearest")[0, 0]

    def pid(self, strengths: Tensor, **options: Any) -> Any:
        options = {"patch_size": self.patch_size} | options
        return patch_insertion_deletion(self, self.image, self.map(strengths), self.blank, **options)


def small_case(height: int = 32, width: int = 32, **options: Any) -> tuple[Predict, Tensor, Tensor, Tensor]:
    """A real network in double precision, an image, a map and a blank."""
    network = small_network(**options).folded().double()
    network.classify.weight.div_(20)  # random weights are overly sure
    image = images(1, height=height, width=width)[0].double()
    saliency = torch.rand(height, width, generator=torch.Generator().manual_seed(7))
    return probability_of(network, 1), image, saliency, torch.full_like(image, -1.5)


class TestAdditiveModel:
    @pytest.mark.parametrize("seed", range(3))
    def test_curves_have_a_closed_form(self, seed: int) -> None:
        model = AdditivePatches(4, 5, seed=seed)
        strengths = torch.rand(4, 5, generator=torch.Generator().manual_seed(seed))
        result = model.pid(strengths)
        ordered = model.weights.flatten()[strengths.flatten().argsort(descending=True)].numpy()
        inserted = np.concatenate([[0.0], np.cumsum(ordered)])
        rank = np.arange(20)
        assert result.n.tolist() == list(range(21))
        assert result.insertion_curve.tolist() == inserted.tolist()
        assert result.deletion_curve.tolist() == (inserted[-1] - inserted).tolist()
        assert result.insertion == pytest.approx((ordered * (20 - rank - 0.5)).sum() / 20, abs=1e-12)
        assert result.deletion == pytest.approx((ordered * (rank + 0.5)).sum() / 20, abs=1e-12)
        assert result.score == pytest.approx((ordered * (19 - 2 * rank)).sum() / 20, abs=1e-12)

    def test_of_all_orders_the_perfect_one_is_the_best_and_their_mean_is_0(self) -> None:
        model = AdditivePatches(2, 2)
        scores = {
            order: model.pid(torch.tensor(order, dtype=torch.float64).reshape(2, 2)).score
            for order in itertools.permutations(range(4))
        }
        perfect = tuple((model.weights.flatten() * 1024 - 1).int().tolist())
        assert max(scores, key=lambda order: scores[order]) == perfect
        assert sum(scores.values()) == 0.0

    @pytest.mark.parametrize("step", [1, 4, "auto"])
    def test_the_reversed_order_scores_exactly_the_negative(self, step: Any) -> None:
        model = AdditivePatches(6, 8)
        strengths = torch.rand(6, 8, generator=torch.Generator().manual_seed(1))
        forwards, backwards = (model.pid(sign * strengths, step=step).score for sign in (1, -1))
        assert forwards == -backwards
        assert forwards != 0.0

    def test_random_orders_score_0_on_average(self) -> None:
        model = AdditivePatches(4, 4)
        scores = [
            model.pid(torch.rand(4, 4, generator=torch.Generator().manual_seed(seed))).score for seed in range(200)
        ]
        assert np.mean(scores) == pytest.approx(0.0, abs=4 * np.std(scores) / 200**0.5)
        assert np.std(scores) > 1e-3

    def test_counts_that_are_not_symmetric_have_no_exact_mirror(self) -> None:
        assert is_symmetric(every(4, 48))
        assert is_symmetric(None)
        assert not is_symmetric(every(5, 48))


class TestTies:
    @pytest.mark.parametrize("step", [1, 5, "auto"])
    def test_a_constant_map_scores_exactly_0(self, step: Any) -> None:
        predict, image, _, blank = small_case(height=40, width=36)
        result = patch_insertion_deletion(
            predict, image, torch.full((40, 36), 0.3), blank, patch_size=4, step=step
        )  # 90 patches
        assert result.score == 0.0
        assert result.tied_fraction == 1.0
        assert result.insertion_curve.std() > 0

    def test_a_constant_map_gets_the_best_score_there_is_under_published(self) -> None:
        model = AdditivePatches(4, 4)
        constant = model.pid(torch.ones(4, 4), protocol="published")
        total = float(model.weights.sum())
        assert (constant.insertion, constant.deletion) == (total, 0.0)
        assert constant.score > model.pid(model.weights, protocol="published").score

    def test_symmetric_is_the_mean_of_row_major_and_its_reverse(self) -> None:
        predict, image, saliency, blank = small_case()
        coarse = (saliency * 3).round()
        flipped = (image.flip(1, 2), coarse.flip(0, 1), blank.flip(1, 2))
        symmetric = patch_insertion_deletion(predict, image, coarse, blank, patch_size=4)
        row_major = patch_insertion_deletion(
            predict, image, coarse, blank, patch_size=4, options=PidOptions(ties="row_major")
        )
        backwards = patch_insertion_deletion(
            lambda batch: predict(batch.flip(2, 3)), *flipped, patch_size=4, options=PidOptions(ties="row_major")
        )  # turned by 180 degrees, row-major order is the reverse
        for name in ("insertion_curve", "deletion_curve"):
            expected = (getattr(row_major, name) + getattr(backwards, name)) / 2
            np.testing.assert_allclose(getattr(symmetric, name), expected, atol=1e-6)
        assert 0 < symmetric.tied_fraction <= 1

    def test_random_ties_follow_the_seed(self) -> None:
        model = AdditivePatches(4, 4)
        first, again, other = (
            model.pid(torch.ones(4, 4), options=PidOptions(ties="random", seed=seed)).score for seed in (0, 0, 1)
        )
        assert first == again
        assert first != other

    def test_without_ties_the_rule_changes_nothing_and_costs_nothing(self) -> None:
        model = AdditivePatches(4, 4)
        results = [
            model.pid(model.weights, options=PidOptions(ties=ties)) for ties in ("symmetric", "row_major", "random")
        ]
        assert len({result.score for result in results}) == 1
        assert {result.forwards for result in results} == {2 + 2 * 15}


class TestProtocols:
    @pytest.mark.parametrize("patch_size", [1, 5, 8, 32, 40])
    def test_curves_of_the_paper_begin_and_end_with_the_blank_and_the_image(self, patch_size: int) -> None:
        predict, image, saliency, blank = small_case(height=32, width=20)
        result = patch_insertion_deletion(predict, image, saliency, blank, patch_size=patch_size, step=50)
        full, empty = predict(torch.stack([image, blank])).tolist()
        assert (result.insertion_curve[0], result.insertion_curve[-1]) == pytest.approx((empty, full), abs=1e-6)
        assert (result.deletion_curve[0], result.deletion_curve[-1]) == pytest.approx((full, empty), abs=1e-6)
        assert result.ends == pytest.approx(Ends(full, empty), abs=1e-6)

    @pytest.mark.parametrize("step", [2, 7, 15, 16, 99])
    def test_a_step_keeps_every_step_th_count_and_both_ends(self, step: int) -> None:
        model = AdditivePatches(4, 4)
        exact, coarse = (model.pid(model.weights, step=k) for k in (1, step))
        counts = sorted({*range(0, 17, step), 16})
        assert coarse.n.tolist() == counts
        assert coarse.insertion_curve.tolist() == exact.insertion_curve[counts].tolist()
        trapezoids = np.trapezoid(coarse.deletion_curve, np.array(counts) / 16)
        assert coarse.deletion == pytest.approx(trapezoids, abs=1e-12)

    @pytest.mark.parametrize(("step", "counts"), [(1, [2, 3, 4, 5, 6, 6]), (2, [3, 5, 6]), (4, [5, 6])])
    def test_published_begins_late_and_ends_with_all(self, step: int, counts: list[int]) -> None:
        model = AdditivePatches(2, 3)
        result = model.pid(model.weights, protocol="published", step=step)
        taken = np.cumsum(np.arange(6, 0, -1) / 1024)[np.array(counts) - 1]
        assert result.n.tolist() == counts
        assert result.insertion_curve.tolist() == taken.tolist()
        assert result.deletion_curve.tolist() == (21 / 1024 - taken).tolist()
        assert result.insertion == pytest.approx((taken.sum() - (taken[0] + taken[-1]) / 2) / (len(counts) - 1))

    def test_published_takes_ties_together(self) -> None:
        model = AdditivePatches(1, 4)
        model.weights = torch.tensor([[1.0, 2.0, 4.0, 8.0]]) / 16
        result = model.pid(torch.tensor([[3.0, 2.0, 2.0, 1.0]]), protocol="published")
        assert (result.insertion_curve * 16).tolist() == [7.0, 7.0, 15.0, 15.0]
        assert (result.deletion_curve * 16).tolist() == [8.0, 8.0, 0.0, 0.0]

    def test_published_auto_is_the_authors_step(self) -> None:
        image = torch.ones(1, 224, 224)
        result = patch_insertion_deletion(
            lambda batch: batch.mean(dim=(1, 2, 3)), image, torch.rand(224, 224), torch.zeros_like(image),
            patch_size=32, protocol="published", step="auto",
        )  # fmt: skip
        assert len(result.n) == 49
        assert result.n[0] == 2

    @pytest.mark.parametrize(
        ("size", "patch_size", "step"), [(224, 8, 10), (512, 1, 10_000), (320, 16, 4), (320, 1, 1024), (32, 8, 1)]
    )
    def test_the_recommended_step_leaves_some_hundred_counts_where_the_authors_name_none(
        self, size: int, patch_size: int, step: int
    ) -> None:
        assert recommended_step(PatchGrid(size, size, patch_size)) == step

    @pytest.mark.parametrize("seed", range(2))
    def test_patches_of_one_pixel_are_insertion_deletion(self, seed: int) -> None:
        predict, image, _, blank = small_case(height=8, width=12)
        saliency = torch.rand(8, 12, generator=torch.Generator().manual_seed(seed))
        insertion, deletion = pixel_by_pixel(predict, image, saliency, blank)
        result = patch_insertion_deletion(predict, image, saliency, blank, patch_size=1)
        np.testing.assert_allclose(result.insertion_curve, insertion, atol=1e-6)
        np.testing.assert_allclose(result.deletion_curve, deletion, atol=1e-6)
        assert result.insertion == pytest.approx(np.trapezoid(insertion, dx=1 / 96), abs=1e-6)
        assert result.deletion == pytest.approx(np.trapezoid(deletion, dx=1 / 96), abs=1e-6)


def pixel_by_pixel(predict: Predict, image: Tensor, saliency: Tensor, blank: Tensor) -> tuple[Any, Any]:
    """Insertion and deletion one pixel at a time, one image at a time."""
    width = image.shape[2]
    onto, out_of = blank.clone(), image.clone()
    curves = [[float(predict(x[None]))] for x in (onto, out_of)]
    for place in sorted(range(saliency.numel()), key=lambda i: -float(saliency.flatten()[i])):
        y, x = divmod(place, width)
        onto[:, y, x] = image[:, y, x]
        out_of[:, y, x] = blank[:, y, x]
        curves[0].append(float(predict(onto[None])))
        curves[1].append(float(predict(out_of[None])))
    return np.array(curves[0]), np.array(curves[1])


class TestSizes:
    def test_patches_that_do_not_fit_are_smaller(self) -> None:
        image, blank = torch.ones(2, 5, 7), torch.zeros(2, 5, 7)
        saliency = torch.arange(35.0).reshape(5, 7)
        result = patch_insertion_deletion(
            lambda batch: batch[:, 0].sum(dim=(1, 2)), image, saliency, blank, patch_size=3
        )
        areas = [2 * 1, 2 * 3, 2 * 3, 3 * 1, 3 * 3, 3 * 3]  # from the lower right, pixels a patch
        assert result.insertion_curve.tolist() == [0, *np.cumsum(areas)]

    def test_a_small_map_is_upsampled_first(self) -> None:
        predict, image, _, blank = small_case()
        small = torch.rand(5, 7, generator=torch.Generator().manual_seed(0))
        upsampled = F.interpolate(small[None, None], (32, 32), mode="bilinear", align_corners=False)[0, 0]
        first, second = (
            patch_insertion_deletion(predict, image, saliency, blank, patch_size=8).score
            for saliency in (small, upsampled)
        )
        assert first == pytest.approx(second, abs=1e-9)

    def test_patches_beyond_the_centres_of_the_outermost_cells_tie(self) -> None:
        small = torch.rand(7, 7, generator=torch.Generator().manual_seed(0))
        strengths = PatchGrid(32, 32, 1).strongest(fit(small, 32, 32))
        assert len(strengths.unique()) == 30 * 30  # 32 / 7 / 2 px: two rows and columns on each side

    @pytest.mark.parametrize("batch_size", [1, 5, 1000])
    @pytest.mark.parametrize("step", [1, 3, "auto"])
    def test_the_batch_size_changes_nothing(self, batch_size: int, step: Any) -> None:
        predict, image, saliency, blank = small_case(height=30)
        options: dict[str, Any] = {"patch_size": 3, "step": step}
        reference = patch_insertion_deletion(predict, image, saliency, blank, **options)
        other = patch_insertion_deletion(predict, image, saliency, blank, batch_size=batch_size, **options)
        assert other.n.tolist() == reference.n.tolist()
        np.testing.assert_allclose(other.insertion_curve, reference.insertion_curve, rtol=0, atol=1e-6)
        np.testing.assert_allclose(other.deletion_curve, reference.deletion_curve, rtol=0, atol=1e-6)
        assert other.forwards == reference.forwards

    def test_the_inputs_stay_as_they_are(self) -> None:
        predict, *tensors = small_case()
        before = [tensor.clone() for tensor in tensors]
        patch_insertion_deletion(predict, *tensors, patch_size=8)
        assert all(torch.equal(*pair) for pair in zip(before, tensors, strict=True))


class TestChance:
    @pytest.mark.parametrize("protocol", ["paper", "published"])
    def test_random_orders_differ_and_follow_the_seed(self, protocol: Any) -> None:
        model = AdditivePatches(4, 4)
        args = (model, model.image, model.blank)
        first, again, later = (
            random_order_scores(*args, patch_size=2, orders=6, seed=seed, protocol=protocol) for seed in (0, 0, 1)
        )
        assert first.tolist() == again.tolist()
        assert len(set(first.tolist())) == 6
        assert first[1:].tolist() == later[:-1].tolist()

    def test_random_orders_are_around_0_under_the_paper_s_protocol(self) -> None:
        model = AdditivePatches(3, 3)
        scores = random_order_scores(model, model.image, model.blank, patch_size=2, orders=300)
        assert scores.mean() == pytest.approx(0.0, abs=4 * scores.std() / 300**0.5)


class TestForwards:
    def test_ends_are_evaluated_once_for_all_curves_of_an_image(self) -> None:
        model = AdditivePatches(4, 4)
        ends = evaluate_ends(model, model.image, model.blank)
        model.batches.clear()
        shared = model.pid(model.weights, options=PidOptions(ends=ends))
        assert sum(model.batches) == shared.forwards == 2 * 15
        model.batches.clear()
        alone = model.pid(model.weights)
        assert sum(model.batches) == alone.forwards == 2 * 15 + 2
        assert alone.insertion_curve.tolist() == shared.insertion_curve.tolist()

    def test_no_image_is_shown_twice(self) -> None:
        model = AdditivePatches(4, 4)
        assert model.pid(torch.ones(4, 4)).forwards == 2 + 2 * 15  # the reversed order sees the same images
        assert model.pid(torch.ones(4, 4), protocol="published").forwards == 2

    def test_progress_is_told_between_batches_and_may_cancel(self) -> None:
        class Cancelled(Exception):
            pass

        told = []

        def progress(done: int, total: int) -> None:
            told.append((done, total))
            if done >= 10:
                raise Cancelled

        with pytest.raises(Cancelled):
            AdditivePatches(4, 4).pid(torch.rand(4, 4), batch_size=4, options=PidOptions(progress=progress))
        assert told == [(6, 34), (10, 34)]  # the ends are two


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "named"),
        [
            ({"patch_size": 0}, "patch_size"),
            ({"step": 0}, "step"),
            ({"step": "half"}, "step"),
            ({"protocol": "ours"}, "protocol"),
            ({"options": PidOptions(ties="any")}, "tie rule"),  # type: ignore[arg-type]
            ({"batch_size": 0}, "batch_size"),
            ({"protocol": "published", "step": 16}, "under the 16 patches"),
        ],
    )
    def test_settings_that_make_no_sense_are_named(self, options: dict[str, Any], named: str) -> None:
        with pytest.raises(MetricError, match=named):
            AdditivePatches(4, 4).pid(torch.rand(4, 4), **options)

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
    def test_maps_that_are_not_finite(self, value: float) -> None:
        strengths = torch.rand(4, 4)
        strengths[1, 2] = value
        with pytest.raises(MetricError, match="not finite"):
            AdditivePatches(4, 4).pid(strengths)

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_probabilities_that_are_not_finite(self, value: float) -> None:
        model = AdditivePatches(4, 4)
        model.weights[0, 0] = value
        with pytest.raises(NonFiniteOutput):
            model.pid(torch.rand(4, 4))

    def test_a_blank_of_another_size(self) -> None:
        predict, image, saliency, blank = small_case()
        with pytest.raises(MetricError, match="blank"):
            patch_insertion_deletion(predict, image, saliency, blank[:, :8], patch_size=8)

    def test_a_function_that_gives_a_column(self) -> None:
        predict, image, saliency, blank = small_case()
        with pytest.raises(MetricError, match="predict gave"):
            patch_insertion_deletion(lambda x: predict(x)[:, None], image, saliency, blank, patch_size=8)


def sigmoid_pair(patches: int, steepness: float, middle: float) -> np.ndarray:
    x = np.arange(patches + 1) / patches
    return np.stack([1 / (1 + np.exp(-steepness * (x - middle))), 1 / (1 + np.exp(steepness * (x - 0.3)))])


def jumpy_pair(patches: int, seed: int) -> np.ndarray:
    walk = np.random.default_rng(seed).normal(0, 2 / patches**0.5, (2, patches + 1)).cumsum(axis=1)
    return 1 / (1 + np.exp(-walk))


class TestAutoStep:
    @pytest.mark.parametrize(
        ("patches", "tolerance", "steepness"), [(300, 0.004, 60.0), (784, 0.001, 400.0), (3136, 0.001, 5.0)]
    )
    def test_is_within_its_own_error_estimate_on_curves_that_bend(
        self, patches: int, tolerance: float, steepness: float
    ) -> None:
        exact = sigmoid_pair(patches, steepness, 0.17)
        counts, found = adaptive(lambda n: exact[:, n], patches)
        self.check(exact, counts, found, tolerance)

    @pytest.mark.parametrize("seed", range(3))
    def test_is_within_its_own_error_estimate_on_curves_that_jump(self, seed: int) -> None:
        exact = jumpy_pair(784, seed)
        counts, found = adaptive(lambda n: exact[:, n], 784)
        self.check(exact, counts, found, 0.005)

    @staticmethod
    def check(exact: np.ndarray, counts: list[int], found: np.ndarray, tolerance: float) -> None:
        patches = exact.shape[1] - 1
        error = abs(area(counts, found[0] - found[1]) - area(range(patches + 1), exact[0] - exact[1]))
        assert error <= error_estimate(counts, found)
        assert error < tolerance
        assert len(counts) <= adaptive_budget(patches) <= max(48, patches / 5)
        assert [patches - n for n in reversed(counts)] == counts
        assert (counts[0], counts[-1]) == (0, patches)

    @pytest.mark.parametrize("patches", [1, 2, 15, 47])
    def test_few_patches_are_all_looked_at(self, patches: int) -> None:
        counts, found = adaptive(lambda n: jumpy_pair(patches, 0)[:, n], patches)
        assert counts == list(range(patches + 1))
        assert error_estimate(counts, found) == 0.0

    def test_looks_where_the_curve_bends(self) -> None:
        exact = sigmoid_pair(784, 200.0, 0.7)
        counts, _ = adaptive(lambda n: exact[:, n], 784)
        near = [n for n in counts if abs(n / 784 - 0.7) < 0.02]
        assert len(near) > 2 * len(counts) * 0.04

    def test_does_not_trust_its_estimate_with_few_counts(self) -> None:
        exact = sigmoid_pair(784, 5.0, 0.4)
        counts, found = adaptive(lambda n: exact[:, n], 784)
        assert error_estimate(counts, found) < 1e-4
        assert len(counts) > 0.95 * adaptive_budget(784)

    def test_stops_early_on_what_is_simple(self) -> None:
        x = np.arange(3137) / 3136
        counts, found = adaptive(lambda n: np.stack([x, 1 - x])[:, n], 3136)
        assert len(counts) == 256
        assert error_estimate(counts, found) == pytest.approx(0.0, abs=1e-9)

    def test_on_a_network(self) -> None:
        predict, image, saliency, blank = small_case()
        exact, auto = (
            patch_insertion_deletion(predict, image, saliency, blank, patch_size=2, step=step)
            for step in (1, "auto")
        )
        assert auto.forwards <= exact.forwards / 5
        assert abs(auto.score - exact.score) <= auto.error_estimate
        assert exact.error_estimate == 0.0

    def test_ends_alone_leave_everything_open(self) -> None:
        assert AdditivePatches(4, 4).pid(torch.rand(4, 4), step=16).error_estimate == 1.0
        assert AdditivePatches(1, 1).pid(torch.rand(1, 1)).error_estimate == 0.0

    def test_a_coarse_step_tells_its_error_too(self) -> None:
        model = AdditivePatches(10, 10)
        exact, coarse = (model.pid(model.weights, step=step) for step in (1, 9))
        assert 0 < abs(coarse.score - exact.score) <= coarse.error_estimate


class TestPatchGrid:
    @pytest.mark.parametrize(("height", "width", "size"), [(8, 8, 2), (7, 9, 4), (5, 3, 6), (1, 10, 1)])
    def test_strongest_is_the_maximum_of_each_patch(self, height: int, width: int, size: int) -> None:
        grid, saliency = PatchGrid(height, width, size), torch.rand(height, width) - 2
        expected = [
            saliency[y : y + size, x : x + size].max()
            for y in range(0, height, size)
            for x in range(0, width, size)
        ]
        assert torch.equal(grid.strongest(saliency), torch.stack(expected))
        spread = grid.spread(torch.arange(grid.count))
        assert spread.shape == (height, width)
        assert spread[height - 1, width - 1] == grid.count - 1
        assert spread[0, 0] == 0

    def test_every(self) -> None:
        assert every(4, 10) == [0, 4, 8, 10]
        assert every(5, 10) == [0, 5, 10]

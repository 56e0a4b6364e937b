"""One image's evaluation: its parts are those of the library, put together rightly."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from model.checkpoint import LoadedCheckpoint
from model.errors import ConfigurationError, LabnError, MetricError, NonFiniteOutput
from model.evaluation.evaluate import evaluate_image
from model.evaluation.request import EvaluationRequest
from model.evaluation.result import score_document
from model.explain.random import seed_of
from model.explain.rise import Rise
from model.images.familiarity import input_statistics
from model.metrics.blanks import blank_image
from model.metrics.chance import random_order_scores
from model.metrics.localisation import localise
from model.metrics.pid import PatchInsertionDeletion, patch_insertion_deletion
from model.metrics.statistics import random_band
from model.target_probability import probability_of
from tests.model.networks import images

REQUEST = EvaluationRequest(patch_sizes=(8, 16), step=1, rise_masks=40)
IMAGE = images(1)[0]


def blank_of(loaded: LoadedCheckpoint) -> Tensor:
    return blank_image("black", IMAGE, loaded.preprocessing)


class TestEvaluateImage:
    def test_scores_are_those_of_the_metric_on_the_methods_map(self, loaded: LoadedCheckpoint) -> None:
        request = replace(REQUEST, methods=("random", "rise"), target="positive", seed=3)
        found = evaluate_image(loaded, IMAGE, request)
        assert (found.label, found.index) == ("positive", 1)
        saliency = Rise(masks=40, seed=3)(loaded.network, IMAGE[None], torch.tensor([1]))[0]
        predict = probability_of(loaded.network, 1)
        for score, patch_size in zip(found.methods["rise"].scores, (8, 16), strict=True):
            expected = patch_insertion_deletion(predict, IMAGE, saliency, blank_of(loaded), patch_size=patch_size)
            assert score.patch_size == patch_size
            assert score.score == pytest.approx(expected.score, abs=1e-6)
        assert found.ends.full == pytest.approx(float(predict(IMAGE[None])), abs=1e-6)
        assert found.ends.blank == pytest.approx(float(predict(blank_of(loaded)[None])), abs=1e-6)

    def test_the_target_is_the_predicted_class_unless_named(self, loaded: LoadedCheckpoint) -> None:
        with torch.no_grad():
            predicted = int(loaded.network(IMAGE[None]).logits.argmax())
        targets = {None: predicted, "0": 0, "positive": 1, "1": 1}
        request = replace(REQUEST, methods=("attention",), patch_sizes=(16,))
        found = {target: evaluate_image(loaded, IMAGE, replace(request, target=target)).index for target in targets}
        assert found == targets

    def test_the_document_has_the_fields_of_the_api(self, loaded: LoadedCheckpoint) -> None:
        document = evaluate_image(loaded, IMAGE, REQUEST).to_dict()
        assert json.loads(json.dumps(document)) == document
        assert set(document) == {"target", "p_full", "p_blank", "methods", "provenance", "warnings"}
        assert list(document["methods"]) == list(REQUEST.methods)
        score = document["methods"]["attention"]["scores"][0]
        assert set(score) == {
            "patch_size", "protocol", "step", "blank", "insertion", "deletion", "pid", "error_estimate", "n",
            "insertion_curve", "deletion_curve", "random_band", "tied_fraction", "forwards",
        }  # fmt: skip
        assert score["n"] == list(range(17))
        assert score["pid"] == pytest.approx(score["insertion"] - score["deletion"])
        assert score["insertion_curve"][0] == score["deletion_curve"][-1] == document["p_blank"]
        assert score["insertion_curve"][-1] == score["deletion_curve"][0] == document["p_full"]
        assert score["random_band"] is None
        assert document["provenance"]["checkpoint"] == loaded.version
        assert EvaluationRequest.from_dict(document["provenance"]["request"]) == REQUEST

    def test_coverage_is_over_the_threshold_of_the_gate(self, loaded: LoadedCheckpoint) -> None:
        found = evaluate_image(
            loaded, IMAGE, replace(REQUEST, methods=("attention", "grad_cam"), patch_sizes=(16,))
        )
        attention, grad_cam = found.methods["attention"], found.methods["grad_cam"]
        assert attention.coverage == (attention.saliency > loaded.config.threshold).mean()
        low, high = grad_cam.saliency.min(), grad_cam.saliency.max()
        over = (grad_cam.saliency - low) / (high - low) > loaded.config.threshold
        assert grad_cam.coverage == pytest.approx(over.mean(), abs=2e-3)

    @pytest.mark.parametrize("protocol", ["paper", "published"])
    def test_the_random_band_is_that_of_random_orders(self, loaded: LoadedCheckpoint, protocol: Any) -> None:
        request = replace(
            REQUEST,
            methods=("attention",),
            patch_sizes=(8,),
            protocol=protocol,
            random_orders=5,
            seed=2,
            target="0",
        )
        found = evaluate_image(loaded, IMAGE, request)
        scores = random_order_scores(
            probability_of(loaded.network, 0), IMAGE, blank_of(loaded), patch_size=8, orders=5,
            seed=seed_of(IMAGE, 2),            protocol=protocol,
        )  # fmt: skip
        expected = random_band(scores, mirrored=protocol == "paper")
        assert found.random_bands[8] == pytest.approx(expected, abs=1e-6)
        assert found.to_dict()["methods"]["attention"]["scores"][0]["random_band"] == list(found.random_bands[8])

    def test_the_same_request_gives_the_same_result(self, loaded: LoadedCheckpoint) -> None:
        first, second = (evaluate_image(loaded, IMAGE, REQUEST).to_dict() for _ in range(2))
        assert first == second

    def test_names_what_makes_scores_mean_less(self, loaded: LoadedCheckpoint) -> None:
        black = blank_of(loaded)
        known = replace(loaded, statistics=input_statistics(torch.rand(50, 3, 32, 32)))
        warnings = evaluate_image(known, black, replace(REQUEST, methods=("grad_cam",))).warnings
        assert any("blank alone" in warning for warning in warnings)
        assert any("brightness of the corners" in warning for warning in warnings)
        loaded.network.branch.attention.load_state_dict(
            {name: torch.zeros_like(value) for name, value in loaded.network.branch.attention.state_dict().items()}
        )
        warnings = evaluate_image(loaded, IMAGE, replace(REQUEST, methods=("attention", "random"))).warnings
        assert [warning.split(":")[0] for warning in warnings if "constant" in warning] == ["attention"]

    def test_each_score_is_told_when_it_is_measured(self, loaded: LoadedCheckpoint) -> None:
        told: list[str | tuple[str, PatchInsertionDeletion]] = []
        request = replace(REQUEST, methods=("attention", "random"), random_orders=1)
        evaluation = evaluate_image(
            loaded,
            IMAGE,
            request,
            lambda stage, *_: told.append(stage),
            on_score=lambda *score: told.append(score),
        )
        scores = [entry for entry in told if not isinstance(entry, str)]
        assert scores == [(name, score) for name, method in evaluation.methods.items() for score in method.scores]
        stages = ["attention: m = 8", "attention: m = 16", "random: m = 8", "random: m = 16"]
        for score, (stage, following) in zip(scores, pairwise([*stages, "random orders: m = 8"]), strict=True):
            assert len(told) - told[::-1].index(stage) - 1 < told.index(score) < told.index(following)
        document = score_document(scores[0][1], blank="black")
        assert {**evaluation.to_dict()["methods"]["attention"]["scores"][0], "random_band": None} == document

    def test_whoever_is_told_may_end_the_work(self, loaded: LoadedCheckpoint) -> None:
        def refuse(method: str, score: PatchInsertionDeletion) -> None:
            raise InterruptedError(method, score.patch_size)

        with pytest.raises(InterruptedError, match="attention") as ended:
            evaluate_image(loaded, IMAGE, REQUEST, on_score=refuse)
        assert ended.value.args == ("attention", 8)

    def test_maps_are_compared_with_a_mask(self, loaded: LoadedCheckpoint) -> None:
        request = replace(REQUEST, methods=("attention", "random"), patch_sizes=(16,))
        mask = torch.zeros(32, 32, dtype=torch.bool)
        mask[4:9, 10:20] = True
        found = evaluate_image(loaded, IMAGE, request, mask=mask)
        for method in found.methods.values():
            expected = localise(torch.from_numpy(method.saliency), mask, tolerance_px=4)
            assert method.localisation == expected
            assert method.localisation.mask_share == 50 / 1024
            assert method.localisation.pointing_chance == 13 * 18 / 1024
        document = found.to_dict()["methods"]["random"]["localisation"]
        assert set(document) == {
            "pointing_game",
            "energy_inside",
            "average_precision",
            "mask_share",
            "pointing_chance",
        }
        assert json.loads(json.dumps(document)) == document

    def test_an_empty_mask_is_warned_of(self, loaded: LoadedCheckpoint) -> None:
        request = replace(REQUEST, methods=("attention",), patch_sizes=(16,))
        found = evaluate_image(loaded, IMAGE, request, mask=torch.zeros(32, 32, dtype=torch.bool))
        assert found.methods["attention"].localisation is None
        assert [warning for warning in found.warnings if "no pixel of the mask" in warning]

    def test_a_band_of_few_orders_and_ties_that_go_together_are_warned_of(self, loaded: LoadedCheckpoint) -> None:
        request = replace(REQUEST, methods=("attention",), protocol="published", random_orders=2)
        warnings = evaluate_image(loaded, IMAGE, request).warnings
        assert [warning for warning in warnings if "band is of 2 orders" in warning]
        loaded.network.branch.attention.load_state_dict(
            {name: torch.zeros_like(value) for name, value in loaded.network.branch.attention.state_dict().items()}
        )
        warnings = evaluate_image(loaded, IMAGE, request).warnings
        assert [w for w in warnings if w.startswith("attention: m = 8: 100% of the patches are tied")]

    def test_images_have_random_orders_of_their_own(self) -> None:
        assert seed_of(IMAGE, 0) != seed_of(images(2)[1], 0)
        assert seed_of(IMAGE, 0) == seed_of(IMAGE.clone(), 0) != seed_of(IMAGE, 1)

    def test_a_step_over_all_patches_is_warned_of(self, loaded: LoadedCheckpoint) -> None:
        request = replace(REQUEST, methods=("attention",))
        assert not [warning for warning in evaluate_image(loaded, IMAGE, request).warnings if "counts" in warning]
        warnings = evaluate_image(loaded, IMAGE, replace(request, step=16)).warnings
        assert [warning.split(": too few")[0] for warning in warnings if "counts" in warning] == [
            "attention: m = 8", "attention: m = 16",
        ]  # fmt: skip

    def test_an_overflow_is_named(self, loaded: LoadedCheckpoint) -> None:
        loaded.network.classify.weight.data.fill_(3e38)
        with pytest.raises(NonFiniteOutput):
            evaluate_image(loaded, IMAGE, REQUEST)


class TestProgress:
    @pytest.mark.parametrize("step", [1, 7, "auto"])
    def test_rises_through_all_stages_to_the_end(self, loaded: LoadedCheckpoint, step: Any) -> None:
        told: list[tuple[str, int, int]] = []
        request = replace(REQUEST, step=step, random_orders=2)
        evaluate_image(loaded, IMAGE, request, lambda *where: told.append(where))
        done = [done for _, done, _ in told]
        total = request.forwards(32, 32)
        assert done == sorted(done)
        assert done[0] == 0
        assert 0.9 * total < done[-1] <= total
        assert {total for _, _, total in told} == {total}
        stages = list(dict.fromkeys(stage for stage, _, _ in told))
        assert stages[:3] == ["attention: map", "attention: m = 8", "attention: m = 16"]
        assert stages[-2:] == ["random orders: m = 8", "random orders: m = 16"]

    @pytest.mark.parametrize("stage", ["attention: map", "attention: m = 8", "rise: map", "random orders: m = 8"])
    def test_may_end_the_work_at_any_stage(self, loaded: LoadedCheckpoint, stage: str) -> None:
        class Cancelled(Exception):
            pass

        told: list[str] = []

        def cancel(now: str, done: int, total: int) -> None:  # noqa: ARG001
            told.append(now)
            if now == stage:
                raise Cancelled

        with pytest.raises(Cancelled):
            evaluate_image(loaded, IMAGE, replace(REQUEST, random_orders=1), cancel)
        assert told.count(stage) == 1


class TestRequest:
    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"methods": ["rice"]}, "rice"),
            ({"methods": []}, "methods"),
            ({"methods": ["rise", "rise"]}, "methods"),
            ({"patch_sizes": [0, 8]}, "patch_sizes"),
            ({"patch_sizes": []}, "patch_sizes"),
            ({"patch_sizes": ["8"]}, "patch_sizes"),
            ({"protocol": "draft"}, "protocol"),
            ({"blank": "pink"}, "blank"),
            ({"step": 0}, "step"),
            ({"step": "all"}, "step"),
            ({"step": True}, "step"),
            ({"rise_masks": 0}, "masks"),
            ({"rise_masks": 2.5}, "rise_masks"),
            ({"seed": -1}, "seed"),
            ({"random_orders": -1}, "random_orders"),
            ({"target": 1}, "target"),
            ({"orders": 3}, "orders"),
        ],
    )
    def test_refuses_what_cannot_be_measured_and_names_it(self, changes: dict[str, Any], said: str) -> None:
        with pytest.raises(LabnError, match=said):
            EvaluationRequest.from_dict(changes)

    def test_goes_to_json_and_back(self) -> None:
        assert EvaluationRequest.from_dict(json.loads(json.dumps(REQUEST.to_dict()))) == REQUEST

    @pytest.mark.parametrize("target", ["2", "-1", "ill", ""])
    def test_a_target_must_be_there(self, target: str) -> None:
        with pytest.raises(ConfigurationError, match=r"no target .* there are 'negative', 'positive' and indices"):
            EvaluationRequest(target=target).target_index(("negative", "positive"))

    def test_a_label_goes_before_an_index(self) -> None:
        assert EvaluationRequest(target="0").target_index(("1", "0")) == 1

    @pytest.mark.parametrize("protocol", ["paper", "published"])
    def test_forwards_bound_what_curves_without_ties_need(self, loaded: LoadedCheckpoint, protocol: Any) -> None:
        request = replace(REQUEST, methods=("random",), protocol=protocol, step=3)
        found = evaluate_image(loaded, IMAGE, request)
        for score in found.methods["random"].scores:
            bound = request.forwards_for_curves(32, 32, score.patch_size)
            assert bound - 4 <= score.forwards <= bound

    def test_a_curve_of_a_single_point_is_known_before_the_work(self, loaded: LoadedCheckpoint) -> None:
        told: list[str] = []
        with pytest.raises(MetricError, match="under the 16 patches"):
            evaluate_image(
                loaded,
                IMAGE,
                replace(REQUEST, protocol="published", step=16),
                lambda *where: told.append(where[0]),
            )
        assert told == []


def test_whoever_evaluates_needs_no_matplotlib() -> None:
    check = "import sys, model.evaluation.evaluate, model.__main__; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False, cwd=Path(__file__).parents[3]).returncode == 0

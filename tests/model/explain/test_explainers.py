"""One contract for every explanation method, and what the methods that are not the network's own compute."""

from __future__ import annotations

import math
import threading
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from model.errors import ConfigurationError, UnknownMethod
from model.explain.edges import Edges
from model.explain.explainer import Explainer
from model.explain.grad_cam import GradCam
from model.explain.gradient import Gradient
from model.explain.random import Random
from model.explain.registry import METHODS, explainer
from model.explain.rise import CHECK_EVERY, Rise
from model.explain.rise_masks import RiseMasks
from model.network import LambdaAbn
from tests.model.networks import images, small_network

KNOBS: dict[str, dict[str, Any]] = {"rise": {"masks": 20, "grid": 3, "batch_size": 8}}
EXPLAINERS: dict[str, Explainer] = {name: explainer(name, KNOBS.get(name)) for name in METHODS}
EXPLAINERS["gradient"] = Gradient()
TARGETS = torch.tensor([0, 1, 0])
RANGES = {
    "attention": (0.0, 1.0), "lambda_attention": (-math.inf, math.inf), "rise": (0.0, 1 / Rise().keep),
    "grad_cam": (0.0, math.inf), "random": (0.0, 1.0), "edges": (0.0, math.inf),
    "gradient": (0.0, math.inf),
}  # fmt: skip


def states(network: LambdaAbn) -> list[dict[str, Any]]:
    """Everything that hangs on the modules: a copy of each tensor, the identity of all else."""
    flat = []
    for module in network.modules():
        tensors = {**module._parameters, **module._buffers}
        flat.append(
            {key: id(value) for key, value in vars(module).items()}
            | {key: None if value is None else (value.clone(), value.grad) for key, value in tensors.items()}
            | {key: tuple(value) for key, value in vars(module).items() if "_hooks" in key}
        )
    return flat


@pytest.mark.parametrize("name", EXPLAINERS)
class TestEveryMethod:
    @pytest.mark.parametrize(("channels", "height", "width"), [(3, 32, 32), (1, 20, 36)])
    @pytest.mark.parametrize("split", [0, 1, 3])
    def test_gives_a_finite_map_of_the_images_size(
        self, name: str, split: int, channels: int, height: int, width: int
    ) -> None:
        network = small_network(split=split, channels=channels)
        saliency = EXPLAINERS[name](network, images(3, channels=channels, height=height, width=width), TARGETS)
        assert saliency.shape == (3, height, width)
        assert saliency.dtype == torch.float32
        assert not saliency.requires_grad
        assert bool(saliency.isfinite().all())

    def test_keeps_within_its_range(self, name: str) -> None:
        low, high = RANGES[name]
        saliency = EXPLAINERS[name](small_network(), images(3), TARGETS)
        assert low <= float(saliency.min()) < float(saliency.max()) <= high

    def test_gives_the_same_bytes_again(self, name: str) -> None:
        network, batch = small_network(), images(3)
        assert torch.equal(*(EXPLAINERS[name](network, batch, TARGETS) for _ in range(2)))

    def test_gives_each_image_its_own_map_in_any_batch(self, name: str) -> None:
        network, batch = small_network().double(), images(3).double()
        together = EXPLAINERS[name](network, batch, TARGETS)
        alone = torch.cat([EXPLAINERS[name](network, batch[i : i + 1], TARGETS[i : i + 1]) for i in range(3)])
        torch.testing.assert_close(together, alone, rtol=0, atol=1e-6)

    @pytest.mark.parametrize("is_folded", [False, True])
    def test_leaves_nothing_behind(self, name: str, is_folded: bool) -> None:
        network = small_network()
        network = network.folded() if is_folded else network
        batch = images(3)
        before, image_before = states(network), batch.clone()
        EXPLAINERS[name](network, batch, TARGETS)
        assert torch.equal(batch, image_before)
        for old, new in zip(before, states(network), strict=True):
            assert old.keys() == new.keys()
            for key, value in old.items():
                if isinstance(value, tuple) and value and isinstance(value[0], Tensor):
                    assert torch.equal(value[0], new[key][0])
                    assert new[key][1] is None
                else:
                    assert value == new[key], key

    def test_is_the_same_on_a_folded_network(self, name: str) -> None:
        network, batch = small_network().double(), images(3).double()  # at a kink, a gradient jumps by rounding
        unfolded, folded = (EXPLAINERS[name](n, batch, TARGETS) for n in (network, network.folded()))
        torch.testing.assert_close(folded, unfolded, rtol=0, atol=1e-6)

    def test_works_in_inference_mode(self, name: str) -> None:
        network, batch = small_network().folded(), images(3)
        outside = EXPLAINERS[name](network, batch, TARGETS)
        with torch.inference_mode():
            inside = EXPLAINERS[name](network, batch * 1.0, TARGETS.clone())
        torch.testing.assert_close(inside, outside, rtol=0, atol=1e-6)

    def test_threads_do_not_mix_their_images(self, name: str) -> None:
        network, batch = small_network().folded(), images(2)
        alone = [EXPLAINERS[name](network, batch[i : i + 1], TARGETS[i : i + 1]) for i in range(2)]
        found: list[list[Tensor]] = [[], []]

        def explain(place: int) -> None:
            for _ in range(5):
                part = slice(place, place + 1)
                found[place].append(EXPLAINERS[name](network, batch[part], TARGETS[part]))

        threads = [threading.Thread(target=explain, args=(place,)) for place in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for place in range(2):
            assert len(found[place]) == 5
            assert all(torch.equal(saliency, alone[place]) for saliency in found[place])


@pytest.mark.parametrize("name", sorted(set(EXPLAINERS) - {"edges", "random"}))
def test_methods_that_look_at_the_network_change_with_it(name: str) -> None:
    first, second = (EXPLAINERS[name](small_network(seed), images(2), TARGETS[:2]) for seed in (0, 1))
    assert not torch.allclose(first, second, atol=1e-3)


class TestGradCam:
    def test_is_equations_1_and_2_of_the_paper(self) -> None:
        network, batch = small_network(threshold=0.0), images(2)
        features = network.features(batch).detach().requires_grad_()
        logit = network.head(features).logits[torch.arange(2), TARGETS[:2]].sum()
        logit.backward()
        for parameter in network.parameters():
            parameter.grad = None
        assert features.grad is not None
        weights = features.grad.mean(dim=(2, 3))
        cam = torch.einsum("nk,nkij->nij", weights, features.detach()).relu()
        expected = F.interpolate(cam[:, None], size=(32, 32), mode="bilinear")[:, 0]
        assert expected.max() > 0
        torch.testing.assert_close(GradCam()(network, batch, TARGETS[:2]), expected)

    def test_depends_on_the_target(self) -> None:
        network, batch = small_network(threshold=0.0), images(2)
        first, second = (GradCam()(network, batch, torch.full((2,), k)) for k in (0, 1))
        assert not torch.allclose(first, second, atol=1e-4)


class TestRiseMasks:
    @pytest.mark.parametrize(("height", "width", "grid"), [(224, 224, 7), (30, 50, 4), (5, 64, 8)])
    def test_equal_enlarging_and_cropping_one_by_one(self, height: int, width: int, grid: int) -> None:
        drawn = RiseMasks(9, grid=grid, keep=0.5, seed=3, height=height, width=width)
        made = drawn.make(slice(0, 9))
        size = [(grid + 1) * -(-height // grid), (grid + 1) * -(-width // grid)]
        for i in range(9):
            enlarged = F.interpolate(drawn.grids[i][None, None], size, mode="bilinear", align_corners=False)[0, 0]
            top, left = int(drawn.down[i]), int(drawn.right[i])
            expected = enlarged[top : top + height, left : left + width]
            torch.testing.assert_close(made[i], expected, rtol=0, atol=1e-6)

    def test_chunks_are_parts_of_the_same_masks(self) -> None:
        drawn = RiseMasks(20, grid=4, keep=0.3, seed=0, height=33, width=21)
        parts = torch.cat([drawn.make(slice(start, start + 7)) for start in (0, 7, 14)])
        torch.testing.assert_close(parts, drawn.make(slice(0, 20)), rtol=0, atol=1e-6)

    def test_shifts_go_over_a_whole_cell(self) -> None:
        drawn = RiseMasks(2000, grid=4, keep=0.5, seed=0, height=30, width=50)
        assert drawn.down.unique().tolist() == list(range(8))
        assert drawn.right.unique().tolist() == list(range(13))

    def test_keep_is_the_share_that_is_kept(self) -> None:
        masks = RiseMasks(3000, grid=5, keep=0.3, seed=0, height=20, width=20).make(slice(0, 3000))
        assert masks.mean().item() == pytest.approx(0.3, abs=0.01)
        assert masks.mean(dim=0).sub(0.3).abs().max() < 0.05


class TestRise:
    def test_is_equation_6(self) -> None:
        rise, image = Rise(masks=50, grid=3, keep=0.4, seed=5), images(1)[0]
        masks = RiseMasks(50, grid=3, keep=0.4, seed=5, height=32, width=32).make(slice(0, 50))
        scores = brightness(masks[:, None] * image)
        products = scores[:, None, None] * masks / 0.4
        estimate = rise.estimate(brightness, image)
        torch.testing.assert_close(estimate.saliency, products.mean(dim=0))
        torch.testing.assert_close(estimate.standard_error, products.std(dim=0) / 50**0.5, rtol=1e-4, atol=1e-6)

    @pytest.mark.parametrize("batch_size", [1, 7, 32, 500])
    def test_the_batch_size_changes_nothing(self, batch_size: int) -> None:
        image = images(1)[0]
        reference, other = (
            Rise(masks=300, grid=4, batch_size=size).estimate(brightness, image) for size in (64, batch_size)
        )
        torch.testing.assert_close(other.saliency, reference.saliency, rtol=0, atol=1e-6)
        torch.testing.assert_close(other.standard_error, reference.standard_error, rtol=0, atol=1e-6)

    def test_finds_the_only_pixels_that_count(self) -> None:
        def corner(batch: Tensor) -> Tensor:
            return batch[:, 0, 4:8, 20:24].mean(dim=(1, 2))

        saliency = Rise(masks=2000, grid=8).estimate(corner, torch.ones(1, 32, 32)).saliency
        place = int(saliency.argmax())
        assert 4 <= place // 32 < 8
        assert 20 <= place % 32 < 24

    def test_the_seed_matters_and_the_standard_error_says_how_much(self) -> None:
        image = images(1)[0]
        first, second = (Rise(masks=600, grid=4, seed=seed).estimate(brightness, image) for seed in (0, 1))
        off = (first.saliency - second.saliency) / (first.standard_error**2 + second.standard_error**2).sqrt()
        assert 0.2 < off.square().mean().sqrt() < 3

    @pytest.mark.parametrize("batch_size", [32, 100])
    def test_stops_once_the_standard_error_is_small_enough(self, batch_size: int) -> None:
        rise = Rise(masks=5000, grid=4, stop_at=0.02, batch_size=batch_size)
        estimate = rise.estimate(brightness, images(1)[0])
        assert estimate.masks == Rise(masks=5000, grid=4, stop_at=0.02).estimate(brightness, images(1)[0]).masks
        assert estimate.masks % CHECK_EVERY == 0
        assert CHECK_EVERY < estimate.masks < 5000
        assert estimate.standard_error.max() <= 0.02
        before = Rise(masks=estimate.masks - CHECK_EVERY, grid=4).estimate(brightness, images(1)[0])
        assert before.standard_error.max() > 0.02

    def test_progress_is_told_between_batches_and_may_cancel(self) -> None:
        class Cancelled(Exception):
            pass

        told = []

        def progress(done: int, total: int) -> None:
            told.append((done, total))
            if done >= 64:
                raise Cancelled

        with pytest.raises(Cancelled):
            Rise(masks=1000, grid=3, progress=progress).estimate(brightness, images(1)[0])
        assert told == [(32, 1000), (64, 1000)]


def brightness(batch: Tensor) -> Tensor:
    """Some smooth function of an image in 0..1."""
    return batch.mean(dim=(1, 2, 3)).mul(20).sigmoid()


class TestControls:
    def test_random_differs_from_image_to_image_and_from_seed_to_seed(self) -> None:
        network, batch = small_network(), images(2)
        first, second = Random(seed=0)(network, batch, TARGETS[:2])
        assert not torch.equal(first, second)
        assert not torch.equal(first, Random(seed=1)(network, batch, TARGETS[:2])[0])

    def test_gradient_is_what_small_changes_of_a_pixel_do_to_the_logit(self) -> None:
        network, [image] = small_network().folded().double(), images(1).double()
        saliency = Gradient()(network, image.unsqueeze(0), torch.tensor([1]))[0]
        for row, column in ((3, 5), (16, 16), (30, 9)):
            changes = []
            for channel in range(3):
                step = torch.zeros_like(image)
                step[channel, row, column] = 1e-5
                up, down = network(torch.stack([image + step, image - step])).logits[:, 1]
                changes.append(abs(float(up - down)) / 2e-5)
            assert float(saliency[row, column]) == pytest.approx(max(changes), rel=1e-3, abs=1e-7)

    def test_edges_are_sobel_magnitudes(self) -> None:
        image = torch.zeros(1, 2, 6, 8)
        image[:, 0, :, 4:] = 2.0  # an upright edge between columns 3 and 4, in one of two channels
        expected = torch.zeros(6, 8)
        expected[:, 3:5] = 2.0 / 2 / 2
        torch.testing.assert_close(Edges()(small_network(), image, TARGETS[:1])[0], expected)


class TestRegistry:
    def test_knobs_arrive(self) -> None:
        assert explainer("rise", {"masks": 10, "keep": 1, "stop_at": None}) == Rise(masks=10, keep=1)

    def test_unknown_methods_are_refused(self) -> None:
        with pytest.raises(UnknownMethod, match="grad_cam"):
            explainer("gradcam")

    @pytest.mark.parametrize(
        ("name", "knobs"),
        [
            ("attention", {"masks": 3}),
            ("rise", {"maskz": 3}),
            ("rise", {"masks": "3"}),
            ("rise", {"masks": 3.5}),
            ("rise", {"masks": True}),
            ("rise", {"masks": 0}),
            ("rise", {"keep": 0}),
            ("rise", {"keep": float("nan")}),
            ("rise", {"stop_at": -1.0}),
            ("rise", {"seed": -1}),
            ("rise", {"progress": 1}),
            ("lambda_attention", {"bottleneck": "last"}),
        ],
    )
    def test_unknown_knobs_and_wrong_values_are_refused(self, name: str, knobs: dict[str, Any]) -> None:
        with pytest.raises(ConfigurationError, match=next(iter(knobs))):
            explainer(name, knobs)

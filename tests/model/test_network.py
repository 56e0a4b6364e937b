"""The whole network: sizes of the paper, splits, gate, purity, folding."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from model.config import NetworkConfig
from model.errors import NonFiniteOutput
from model.layers.resnet import NormedLambda, bottleneck_places
from model.network import LabnOutput, LambdaAbn, gate
from model.presets import network_config
from tests.model.networks import SMALL, images, small_network


def count(*modules: nn.Module) -> int:
    return sum(parameter.numel() for module in modules for parameter in module.parameters())


def on_meta(config: NetworkConfig) -> LambdaAbn:
    with torch.device("meta"):
        return LambdaAbn(config)


class TestSizes:
    def test_paper_idrid_has_the_parameters_of_the_paper(self) -> None:
        network = on_meta(network_config("paper-idrid"))
        millions = [
            round(count(*part) / 1e6, 2)
            for part in (
                (network,),
                (network.stem, network.before),
                (network.branch,),
                (network.after, network.classify),
            )
        ]
        assert millions == [22.17, 0.88, 9.22, 12.07]

    def test_paper_defn_has_the_parameters_of_the_paper(self) -> None:
        assert count(on_meta(network_config("paper-defn"))) == 21_598

    def test_compact_is_small(self) -> None:
        assert count(on_meta(network_config("compact"))) <= 3_000_000

    @pytest.mark.parametrize(("preset", "side"), [("paper-idrid", 28), ("paper-defn", 128), ("compact", 28)])
    def test_attention_has_the_resolution_of_the_paper(self, preset: str, side: int) -> None:
        config = network_config(preset)
        strides = [place.stride for place in bottleneck_places(config)[: config.split]]
        features = on_meta(config).features(
            torch.empty(1, config.channels, config.height, config.width, device="meta")
        )
        assert features.shape[2:] == (side, side)
        assert config.height // 4 // 2 ** strides.count(2) == side


class TestShapes:
    @pytest.mark.parametrize("split", range(5))
    def test_every_split_works(self, split: int) -> None:
        network = small_network(split=split, stage_depths=[2, 2])
        output = network(images(2))
        side = 4 if split > 2 else 8
        assert [tuple(part.shape) for part in output] == [(2, 2), (2, 2), (2, 1, side, side)]
        assert len(network.before) == split
        assert len(network.bottlenecks()) == 4

    @pytest.mark.parametrize("classes", [1, 2, 5])
    @pytest.mark.parametrize("channels", [1, 3])
    def test_any_class_count_and_channels_work(self, classes: int, channels: int) -> None:
        output = small_network(classes=classes, channels=channels)(images(3, channels=channels))
        assert output.logits.shape == output.branch_logits.shape == (3, classes)

    @pytest.mark.parametrize(("height", "width"), [(32, 48), (17, 33), (64, 4), (1, 1)])
    def test_images_need_not_be_square_nor_of_the_training_size(self, height: int, width: int) -> None:
        output = small_network()(images(2, height=height, width=width))
        assert output.attention.shape[2:] == (-(-height // 4), -(-width // 4))

    def test_branch_may_hold_lambda_bottlenecks(self) -> None:
        network = small_network(branch_block="lambda", branch_depth=3)
        assert [type(block.spatial) for block in network.branch.blocks] == [NormedLambda] * 3
        assert network(images(2)).attention.shape == (2, 1, 8, 8)

    def test_attention_and_probabilities_lie_in_0_to_1(self) -> None:
        attention = small_network()(images(4)).attention
        assert 0 <= attention.min() < attention.max() <= 1

    @pytest.mark.parametrize("contrast_window", [0, 5])
    def test_weights_stand_under_the_names_that_checkpoints_have(self, contrast_window: int) -> None:
        norm = {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}
        block = {"reduce.conv.weight", "expand.conv.weight", "shortcut.conv.weight"}
        block |= {f"{part}.norm.{leaf}" for part in ("reduce", "expand", "shortcut", "spatial") for leaf in norm}
        lambda_part = {f"spatial.layer.{n}.{leaf}" for n in ("norm_queries", "norm_values") for leaf in norm}
        lambda_part |= {"spatial.layer.project_qkv.weight"}
        lambda_part |= {"spatial.layer.position.weight", "spatial.layer.position.bias"}
        branch = {f"{part}.conv.weight" for part in ("reduce", "attend", "attention")} | {"classify.weight"}
        branch |= {f"{part}.norm.{leaf}" for part in ("reduce", "attend", "attention") for leaf in norm}
        expected = {"stem.conv.conv.weight", "classify.weight", "classify.bias"}
        expected |= {f"stem.conv.norm.{leaf}" for leaf in norm}
        expected |= {f"after.0.{name}" for name in block | lambda_part}
        expected |= {f"branch.blocks.0.{name}" for name in block | {"spatial.conv.weight"}}
        expected |= {f"branch.{name}" for name in branch}
        config = network_config("paper-defn", branch_depth=1, contrast_window=contrast_window)
        assert set(on_meta(config).state_dict()) == expected


class TestGate:
    def test_keeps_only_what_lies_above_the_threshold_weighed_by_attention(self) -> None:
        attention = torch.tensor([0.2, 0.75, 0.8, 1.0]).view(1, 1, 1, 4)
        features = torch.tensor([1.0, -2.0]).view(1, 2, 1, 1).expand(1, 2, 1, 4)
        expected = torch.tensor([[0.0, 0.0, 0.8, 1.0], [-0.0, -0.0, -1.6, -2.0]]).view(1, 2, 1, 4)
        torch.testing.assert_close(gate(features, attention, 0.75), expected, rtol=0, atol=0)

    def test_at_threshold_zero_everything_passes_weighed(self) -> None:
        attention = torch.full((1, 1, 2, 2), 0.25)
        assert torch.equal(gate(torch.ones(1, 3, 2, 2), attention, 0.0), torch.full((1, 3, 2, 2), 0.25))

    @pytest.mark.parametrize("split", range(4))
    def test_where_no_cell_passes_the_prediction_does_not_see_the_image(self, split: int) -> None:
        network = small_network(split=split)
        assert not torch.allclose(*network(images(2)).logits)
        network.get_parameter("branch.attention.norm.bias").data.fill_(-20.0)
        output = network(images(2))
        assert torch.equal(*output.logits)
        assert not torch.allclose(*output.branch_logits)


class TestPurity:
    @pytest.mark.parametrize("folded", [False, True])
    def test_a_pass_leaves_no_trace(self, folded: bool) -> None:
        network = small_network().folded() if folded else small_network()
        before, weights = attributes(network), {k: v.clone() for k, v in network.state_dict().items()}
        network(images(2))
        assert attributes(network) == before
        torch.testing.assert_close(network.state_dict(), weights, rtol=0, atol=0)

    def test_the_images_are_not_written_to(self) -> None:
        batch = images(2)
        small_network(contrast_window=5).folded()(batch)
        assert torch.equal(batch, images(2))

    def test_threads_get_their_own_maps(self) -> None:
        network = small_network().folded()
        batches = [images(1, seed=seed) for seed in range(4)]
        expected = [network(batch) for batch in batches]
        got: dict[tuple[int, int], LabnOutput] = {}
        start = threading.Barrier(len(batches))

        def work(place: int) -> None:
            start.wait()
            for round_ in range(20):
                got[place, round_] = network(batches[place])

        threads = [threading.Thread(target=work, args=(place,)) for place in range(len(batches))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(got) == 80
        for (place, _), output in got.items():
            torch.testing.assert_close(output, expected[place])

    def test_an_image_gets_the_same_answer_in_any_batch(self) -> None:
        network, batch = small_network().folded(), images(5)
        together = network(batch)
        for place in range(5):
            alone = network(batch[place : place + 1])
            torch.testing.assert_close(alone, LabnOutput(*(part[place : place + 1] for part in together)))


def attributes(network: nn.Module) -> dict[str, dict[str, Any]]:
    """Every attribute of every module, containers one level deep, objects by identity."""

    def identity(value: Any) -> Any:
        return {k: id(v) for k, v in value.items()} if isinstance(value, dict) else id(value)

    return {
        name: {attribute: identity(value) for attribute, value in vars(module).items()}
        for name, module in network.named_modules()
    }


class TestOverflow:
    def test_names_the_images(self) -> None:
        batch = images(4)
        batch[1] *= 1e30
        batch[3, 0, 0, 0] = torch.nan
        with pytest.raises(NonFiniteOutput, match=r"\[1, 3\]") as caught:
            small_network()(batch)
        assert caught.value.images == [1, 3]

    @pytest.mark.parametrize("part", ["classify", "branch.classify", "branch.attention.conv"])
    def test_of_any_output_is_refused(self, part: str) -> None:
        network = small_network()
        network.get_parameter(f"{part}.weight").data.fill_(torch.inf)
        with pytest.raises(NonFiniteOutput):
            network(images(1))

    def test_is_left_to_the_loss_in_training(self) -> None:
        output = small_network().train()(images(2) * torch.nan)
        assert bool(output.logits.isnan().all())


class TestFolding:
    @pytest.mark.parametrize("split", range(4))
    @pytest.mark.parametrize("changes", [{}, {"branch_block": "lambda", "contrast_window": 7, "intra_depth": 2}])
    def test_gives_the_same_outputs(self, split: int, changes: dict[str, Any]) -> None:
        network = small_network(split=split, **changes)
        torch.testing.assert_close(network.folded()(images(3)), network(images(3)), rtol=1e-4, atol=1e-4)

    def test_leaves_the_original_alone(self) -> None:
        network = small_network().train()
        weights = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        network.folded()
        assert network.training
        assert all(parameter.requires_grad for parameter in network.parameters())
        assert list(network.state_dict()) == list(weights)
        torch.testing.assert_close(network.state_dict(), weights, rtol=0, atol=0)

    def test_gives_a_frozen_network_in_evaluation_mode(self) -> None:
        folded = small_network().train().folded()
        assert not folded.training
        assert not any(parameter.requires_grad for parameter in folded.parameters())


@pytest.mark.parametrize("split", range(4))
def test_every_weight_is_trained(split: int) -> None:
    network = small_network(split=split, threshold=0.0).train()
    output = network(images(4))
    loss: Tensor = (output.logits**2).sum() + (output.branch_logits**2).sum()
    loss.backward()
    untouched = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert untouched == []


@pytest.mark.parametrize("bottleneck", range(3))
@pytest.mark.parametrize("split", range(4))
def test_what_enters_a_bottleneck_leads_to_the_same_logits(split: int, bottleneck: int) -> None:
    network = small_network(split=split)
    x = network.entering(images(2), bottleneck)
    x = network.bottlenecks()[bottleneck](x)
    if bottleneck < split:
        logits = network.head(network.before[bottleneck + 1 :](x)).logits
    else:
        logits = network.classify(network.after[bottleneck + 1 - split :](x).mean(dim=(2, 3)))
    torch.testing.assert_close(logits, network(images(2)).logits)


def test_configuration_stays_with_the_network() -> None:
    assert small_network().config == SMALL

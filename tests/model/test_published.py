"""State dicts in the published form give the same outputs here; whatever else is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from benchmarks.published_form import published_labn, published_resnet
from model.checkpoint import load_checkpoint
from model.config import NetworkConfig
from model.errors import CheckpointError
from model.network import LabnOutput
from model.presets import network_config
from model.published import network_from_published, read_state_dict
from tests.model.networks import SMALL, images, settle
from tests.model.trap import Trap

Command = Callable[..., Any]
STAGED = replace(SMALL, stage_widths=(8, 12, 16), stage_depths=(2, 1, 2), split=2)  # ends of stages: 0, 2, 3, 5
SINGLE = replace(SMALL, stage_widths=(8,), stage_depths=(1,), split=0, channels=1)


def published(config: NetworkConfig, side: int = 32) -> nn.Module:
    torch.manual_seed(config.split)
    return settle(published_labn(config), config.channels, side, side)


def assert_same(ours: LabnOutput, theirs: tuple[Tensor, ...]) -> None:
    open_cells = theirs[2] > 0.5
    assert open_cells.any()  # the gate lets some cells pass, and others not
    assert not open_cells.all()
    for part, expected in zip(ours, theirs, strict=True):
        torch.testing.assert_close(part, expected, rtol=0, atol=1e-4)


class TestPublishedForm:
    """Names and shapes as in files of the authors' code, by hand."""

    @pytest.mark.parametrize(
        ("preset", "entries", "samples"),
        [
            (
                "paper-idrid", 573,
                {
                    "feature_extractor.0.weight": (64, 3, 7, 7),
                    "feature_extractor.1.running_var": (64,),
                    "feature_extractor.4.0.conv2.conv_qkv.weight": (96, 64, 1, 1),
                    "feature_extractor.4.0.conv2.lambda_conv.weight": (16, 1, 1, 23, 23),
                    "feature_extractor.5.3.conv2.norm_v.bias": (32,),
                    "attention_branch.layer1.0.downsample.0.weight": (2048, 512, 1, 1),
                    "attention_branch.layer1.1.conv2.weight": (512, 512, 3, 3),
                    "attention_branch.bn1.weight": (2048,),
                    "attention_branch.conv4.weight": (2, 10, 1, 1),
                    "perception_branch.0.5.conv3.weight": (1024, 256, 1, 1),
                    "perception_branch.1.2.bn3.num_batches_tracked": (),
                    "perception_branch.4.weight": (2, 2048),
                },
            ),
            (
                "paper-defn", 105,
                {
                    "feature_extractor.0.weight": (16, 1, 7, 7),
                    "attention_branch.layer1.0.conv1.weight": (16, 16, 1, 1),
                    "attention_branch.conv3.weight": (1, 10, 1, 1),
                    "perception_branch.0.conv2.conv_qkv.weight": (82, 8, 1, 1),
                    "perception_branch.0.downsample.0.weight": (32, 16, 1, 1),
                    "perception_branch.3.bias": (2,),
                },
            ),
        ],
    )  # fmt: skip
    def test_has_the_published_names_and_shapes(
        self, preset: str, entries: int, samples: dict[str, tuple[int, ...]]
    ) -> None:
        with torch.device("meta"):
            weights = published_labn(network_config(preset)).state_dict()
        assert len(weights) == entries
        assert {name: tuple(weights[name].shape) for name in samples} == samples

    def test_without_a_branch_has_the_names_of_a_residual_network(self) -> None:
        with torch.device("meta"):
            weights = published_resnet(network_config("paper-idrid"), 1000).state_dict()
        assert {name.split(".")[0] for name in weights} == {
            "conv1",
            "bn1",
            "fc",
            *(f"layer{n}" for n in range(1, 5)),
        }
        assert weights["layer4.2.conv2.lambda_conv.bias"].shape == (16,)
        assert weights["fc.weight"].shape == (1000, 2048)

    @pytest.mark.parametrize("changes", [{"split": 1}, {"branch_block": "lambda"}])
    def test_is_not_to_be_had_of_what_was_never_published(self, changes: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=r"split|branch"):
            published_labn(replace(STAGED, **changes))


class TestNetworks:
    @pytest.mark.parametrize("split", [0, 2, 3, 5])
    @pytest.mark.parametrize("classes", [1, 2, 5])
    def test_every_stage_split_is_found_from_the_names_and_gives_the_same(self, split: int, classes: int) -> None:
        other = published(replace(STAGED, split=split, classes=classes))
        ours = network_from_published(other.state_dict(), replace(STAGED, classes=classes), source="file")
        assert ours.config.split == split
        assert_same(ours(images(3)), other(images(3)))
        assert_same(ours.folded()(images(3)), other(images(3)))

    @pytest.mark.parametrize("split", [0, 1])
    def test_a_single_bottleneck_stands_without_a_list(self, split: int) -> None:
        other = published(replace(SINGLE, split=split))
        ours = network_from_published(other.state_dict(), SINGLE, source="file")
        assert ours.config.split == split
        assert_same(ours(images(3, channels=1)), other(images(3, channels=1)))

    @pytest.mark.parametrize("changes", [{"intra_depth": 2}, {"heads": 4, "receptive_field": 23}])
    def test_other_lambda_layers_give_the_same(self, changes: dict[str, Any]) -> None:
        config = replace(STAGED, **changes)
        other = published(config)
        assert_same(network_from_published(other.state_dict(), config, source="")(images(3)), other(images(3)))

    @pytest.mark.parametrize(("classes", "kept"), [(2, True), (1000, False)])
    @pytest.mark.parametrize("split", range(6))
    def test_an_unbranched_network_gives_both_branches_around_any_split(
        self, split: int, classes: int, kept: bool
    ) -> None:
        torch.manual_seed(0)
        other = settle(published_resnet(STAGED, classes), 3, 32, 32)
        ours = network_from_published(other.state_dict(), replace(STAGED, split=split), source="file")
        blocks = torch.nn.Sequential(*ours.bottlenecks())
        features = blocks(ours.stem(images(3)))
        expected = other[:-3](images(3))  # type: ignore[index]  # all but pool, flatten and linear layer
        torch.testing.assert_close(features, expected, rtol=0, atol=1e-4)
        assert torch.equal(ours.classify.weight, other.get_parameter("fc.weight")) is kept
        if kept:
            logits = ours.classify(features.mean(dim=(2, 3)))
            torch.testing.assert_close(logits, other(images(3)), rtol=0, atol=1e-4)


class TestCommand:
    @pytest.mark.parametrize(("preset", "side"), [("paper-idrid", 64), ("paper-defn", 64)])
    def test_imports_a_published_network(self, command: Command, tmp_path: Path, preset: str, side: int) -> None:
        config = network_config(preset, threshold=0.5)
        other = published(config, side)
        torch.save(other.state_dict(), tmp_path / "published.pt")
        out = tmp_path / "ours.safetensors"
        answer = command(
            "import", tmp_path / "published.pt", out, "--preset", preset, "--threshold", 0.5, "--labels", "no, yes"
        )
        assert answer.code == 0
        loaded = load_checkpoint(out)
        [document] = answer.documents
        assert document == {
            "path": str(out), "version": loaded.version, "imported": "published.pt", "trained": True
        }  # fmt: skip
        assert (loaded.labels, loaded.config) == (("no", "yes"), config)
        batch = images(2, channels=config.channels, height=side, width=side)
        with torch.no_grad():
            assert_same(loaded.network(batch), other(batch))

    @pytest.mark.parametrize(
        "wrap", [lambda w: {"state_dict": w, "epoch": 3}, lambda w: {f"module.{k}": v for k, v in w.items()}]
    )
    def test_takes_an_unbranched_network_as_training_scripts_wrap_it(
        self, command: Command, tmp_path: Path, wrap: Callable[[dict[str, Tensor]], Any]
    ) -> None:
        config = network_config("compact")
        torch.save(wrap(published_resnet(config, 1000).state_dict()), tmp_path / "p.pt")
        answer = command(
            "import", tmp_path / "p.pt", tmp_path / "o.safetensors", "--preset", "compact", "--labels", "a,b"
        )
        assert answer.code == 0
        assert answer.documents[0]["trained"] is False
        assert load_checkpoint(tmp_path / "o.safetensors").config == config

    def test_names_every_wrong_key_as_published_and_writes_nothing(self, command: Command, tmp_path: Path) -> None:
        weights = published_labn(network_config("paper-defn")).state_dict()
        del weights["perception_branch.0.conv2.lambda_conv.bias"]
        weights["attention_branch.conv9.weight"] = torch.zeros(1)
        weights["feature_extractor.oddly.named"] = torch.zeros(1)
        weights["perception_branch.3.weight"] = torch.zeros(7, 32)
        torch.save(weights, tmp_path / "p.pt")
        answer = command(
            "import", tmp_path / "p.pt", tmp_path / "o.safetensors", "--preset", "paper-defn", "--labels", "a,b"
        )
        assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
        for said in (
            "missing keys: perception_branch.0.conv2.lambda_conv.bias;",
            "unknown keys: attention_branch.conv9.weight, feature_extractor.oddly.named;",
            "other shapes: perception_branch.3.weight (7, 32) instead of (2, 32)",
        ):
            assert said in answer.err
        assert [path.name for path in tmp_path.iterdir()] == ["p.pt"]

    def test_refuses_labels_of_another_number(self, command: Command, tmp_path: Path) -> None:
        torch.save(published_labn(network_config("paper-defn")).state_dict(), tmp_path / "p.pt")
        answer = command(
            "import", tmp_path / "p.pt", tmp_path / "o.safetensors", "--preset", "paper-defn", "--labels", "a,b,c"
        )
        assert answer.code == 2
        assert "attention_branch.conv4.weight (2, 10, 1, 1) instead of (3, 10, 1, 1)" in answer.err

    def test_opens_no_pickle_that_could_do_harm(self, command: Command, tmp_path: Path) -> None:
        torch.save({"conv1.weight": Trap(tmp_path / "sprung")}, tmp_path / "p.pt")
        answer = command(
            "import", tmp_path / "p.pt", tmp_path / "o.safetensors", "--preset", "paper-defn", "--labels", "a,b"
        )
        assert (answer.code, answer.err.count("\n")) == (2, 1)
        assert [path.name for path in tmp_path.iterdir()] == ["p.pt"]


class TestReading:
    @pytest.mark.parametrize("content", [[1, 2], {"a": 1}, {"a": torch.zeros(1), "b": "text"}, torch.zeros(2)])
    def test_what_is_no_dictionary_of_tensors_is_refused(self, tmp_path: Path, content: Any) -> None:
        torch.save(content, tmp_path / "p.pt")
        with pytest.raises(CheckpointError, match="dictionary of tensors"):
            read_state_dict(tmp_path / "p.pt")

    @pytest.mark.parametrize("legacy", [False, True])
    def test_a_damaged_file_is_refused(self, tmp_path: Path, legacy: bool) -> None:
        path = tmp_path / "p.pt"
        torch.save({"a": torch.arange(6.0)}, path, _use_new_zipfile_serialization=not legacy)
        sound = path.read_bytes()
        assert read_state_dict(path)["a"].sum() == 15
        for length in range(0, len(sound), len(sound) // 40):
            path.write_bytes(sound[:length])
            with pytest.raises(CheckpointError, match=r"p\.pt"):
                read_state_dict(path)

    def test_a_missing_file_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(CheckpointError, match="nowhere"):
            read_state_dict(tmp_path / "nowhere.pt")

"""Checkpoints: what is written comes back, and whatever does not fit is refused by name."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from model.checkpoint import load_checkpoint
from model.errors import CheckpointError
from model.images.familiarity import input_statistics
from tests.model.conftest import preprocessing_for
from tests.model.networks import images, small_network
from tests.model.trap import Trap

Save = Callable[..., Path]


def rewrite(path: Path, **changes: Any) -> Path:
    """Write the checkpoint anew with some of its document changed; `weights` replaces tensors, None removes."""
    weights = load_file(path) | changes.pop("weights", {})
    with safe_open(path, framework="pt") as file:
        document = json.loads(file.metadata()["labn"]) | changes
    kept = {name: value for name, value in document.items() if value is not None or name == "statistics"}
    tensors = {name: tensor for name, tensor in weights.items() if tensor is not None}
    save_file(tensors, path, metadata={"labn": json.dumps(kept)})
    return path


class TestRoundTrip:
    @pytest.mark.parametrize("folded", [True, False])
    def test_gives_the_same_outputs(self, save: Save, folded: bool) -> None:
        network = small_network()
        loaded = load_checkpoint(save(network), folded=folded)
        assert not loaded.network.training
        torch.testing.assert_close(loaded.network(images(2)), network(images(2)), rtol=1e-4, atol=1e-4)

    def test_unfolded_has_the_very_weights_and_can_be_trained_on(self, save: Save) -> None:
        network = small_network()
        loaded = load_checkpoint(save(network), folded=False)
        torch.testing.assert_close(loaded.network.state_dict(), network.state_dict(), rtol=0, atol=0)
        assert all(parameter.requires_grad for parameter in loaded.network.parameters())

    def test_gives_everything_else_that_was_saved(self, save: Save) -> None:
        network = small_network(classes=3)
        statistics = input_statistics(torch.rand(5, 3, 32, 32))
        card = {"seed": 3, "metrics": {"auroc": 0.75}, "data": ["α", None, True]}
        loaded = load_checkpoint(save(network, labels=("a", "b", "c"), card=card, statistics=statistics))
        assert loaded.config == network.config
        assert loaded.preprocessing == preprocessing_for(network.config)
        assert (loaded.labels, loaded.card, loaded.statistics) == (("a", "b", "c"), card, statistics)

    def test_version_is_the_beginning_of_the_sha256(self, save: Save) -> None:
        path = save(small_network())
        assert load_checkpoint(path).version == hashlib.sha256(path.read_bytes()).hexdigest()[:12]

    def test_same_content_gives_same_bytes(self, save: Save) -> None:
        first, again, other = (save(small_network(seed), f"{n}.safetensors") for n, seed in enumerate((0, 0, 1)))
        assert first.read_bytes() == again.read_bytes() != other.read_bytes()

    def test_takes_a_path_as_text(self, save: Save) -> None:
        assert load_checkpoint(str(save(small_network()))).labels == ("negative", "positive")


class TestWriting:
    def test_leaves_nothing_but_the_file(self, save: Save, tmp_path: Path) -> None:
        save(small_network(), "folder/small.safetensors")
        assert [path.name for path in (tmp_path / "folder").iterdir()] == ["small.safetensors"]

    def test_replaces_an_older_file(self, save: Save) -> None:
        save(small_network(0), card={"seed": 0})
        assert load_checkpoint(save(small_network(1), card={"seed": 1})).card == {"seed": 1}

    def test_that_fails_is_named_and_leaves_nothing(self, save: Save, tmp_path: Path) -> None:
        (tmp_path / "taken.safetensors" / "by a folder").mkdir(parents=True)
        with pytest.raises(CheckpointError, match="cannot be written"):
            save(small_network(), "taken.safetensors")
        assert [path.name for path in tmp_path.iterdir()] == ["taken.safetensors"]

    def test_under_a_file_is_refused(self, save: Save, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(CheckpointError, match="cannot be written"):
            save(small_network(), "file/small.safetensors")

    @pytest.mark.parametrize("labels", [("a",), ("a", "b", "c"), ("a", "a"), ("a", ""), (0, 1), ()])
    def test_labels_that_do_not_fit_are_refused(self, save: Save, tmp_path: Path, labels: Any) -> None:
        with pytest.raises(CheckpointError, match="labels"):
            save(small_network(), labels=labels)
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("changes", [{"height": 16}, {"mode": "grey", "mean": (0.5,), "std": (0.5,)}])
    def test_preprocessing_that_does_not_fit_is_refused(self, save: Save, changes: dict[str, Any]) -> None:
        network = small_network()
        with pytest.raises(CheckpointError, match="preprocessing"):
            save(network, preprocessing=replace(preprocessing_for(network.config), **changes))


class TestRefusal:
    def test_names_every_key_and_shape_that_differs(self, save: Save) -> None:
        path = rewrite(
            save(small_network()),
            weights={
                "classify.weight": None, "branch.classify.weight": None, "head.weight": torch.zeros(1),
                "tail.weight": torch.zeros(2), "classify.bias": torch.zeros(3),
            },
        )  # fmt: skip
        with pytest.raises(CheckpointError) as caught:
            load_checkpoint(path)
        message = str(caught.value)
        assert message.startswith(str(path))
        assert "missing keys: branch.classify.weight, classify.weight;" in message
        assert "unknown keys: head.weight, tail.weight;" in message
        assert "other shapes: classify.bias (3,) instead of (2,)" in message

    @pytest.mark.parametrize(
        ("changes", "named"),
        [
            ({"format": 2}, "format 2"), ({"format": None}, "format None"), ({"labels": None}, "labels"),
            ({"labels": ["a"]}, "labels"), ({"labels": 3}, "int"), ({"labels": [["a"], ["b"]]}, "labels"),
            ({"network": None}, "network"), ({"network": {"colour": 1}}, "colour"), ({"network": []}, "object"),
            ({"preprocessing": {}}, "missing"), ({"card": None}, "card"), ({"card": "text"}, "dictionary"),
            ({"statistics": {"names": []}}, "missing"),
        ],
    )  # fmt: skip
    def test_of_a_document_that_does_not_fit_says_what_and_where(
        self, save: Save, changes: dict[str, Any], named: str
    ) -> None:
        path = rewrite(save(small_network()), **changes)
        with pytest.raises(CheckpointError, match=named) as caught:
            load_checkpoint(path)
        assert str(path) in str(caught.value)

    def test_of_weights_of_another_split(self, save: Save) -> None:
        path = save(small_network(split=1))
        with pytest.raises(CheckpointError, match=r"missing keys: .*before\.1\..*; unknown keys: .*after\.1\."):
            load_checkpoint(rewrite(path, network=small_network(split=2).config.to_dict()))

    def test_of_safetensors_without_our_document(self, tmp_path: Path) -> None:
        path = tmp_path / "plain.safetensors"
        save_file({"weight": torch.zeros(2)}, path)
        with pytest.raises(CheckpointError, match="not a checkpoint"):
            load_checkpoint(path)

    @pytest.mark.parametrize("document", ["not json", "[1]", '"text"', "null"])
    def test_of_a_document_that_is_no_json_object(self, tmp_path: Path, document: str) -> None:
        path = tmp_path / "plain.safetensors"
        save_file({"weight": torch.zeros(2)}, path, metadata={"labn": document})
        with pytest.raises(CheckpointError, match=r"plain\.safetensors"):
            load_checkpoint(path)

    @pytest.mark.parametrize("kept", [0.0, 0.001, 0.5, 0.999])
    def test_of_a_truncated_file(self, save: Save, kept: float) -> None:
        path = save(small_network())
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
        with pytest.raises(CheckpointError, match="not a checkpoint"):
            load_checkpoint(path)

    @pytest.mark.parametrize("place", ["nowhere.safetensors", "."])
    def test_of_what_is_no_file(self, tmp_path: Path, place: str) -> None:
        with pytest.raises(CheckpointError, match="not a checkpoint"):
            load_checkpoint(tmp_path / place)

    def test_of_pickles_without_opening_them(self, tmp_path: Path) -> None:
        for name, write in (("torch", torch.save), ("plain", lambda o, path: path.write_bytes(pickle.dumps(o)))):
            path = tmp_path / f"{name}.safetensors"
            write({"weight": Trap(tmp_path / "sprung")}, path)
            with pytest.raises(CheckpointError, match="not a checkpoint"):
                load_checkpoint(path)
        assert not (tmp_path / "sprung").exists()

"""`python -m model`: what it prints, writes and returns, and one line for whatever goes wrong."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from model.__main__ import main
from model.checkpoint import LoadedCheckpoint, load_checkpoint
from model.images.preprocessing import read_image
from model.predictor import Predictor
from tests.model.networks import SMALL, small_network

Command = Callable[..., Any]


@pytest.fixture
def checkpoint(save: Callable[..., Path], loaded: LoadedCheckpoint, tmp_path: Path) -> Path:  # noqa: ARG001
    return tmp_path / "small.safetensors"


@pytest.fixture
def folder(tmp_path: Path, encode: Callable[..., bytes]) -> Path:
    """Three images of different kinds, one of them in a folder, and a text."""
    (tmp_path / "images" / "more").mkdir(parents=True)
    for seed, (name, kind) in enumerate([("a.jpg", "JPEG"), ("b.PNG", "PNG"), ("more/c.webp", "WEBP")]):
        (tmp_path / "images" / name).write_bytes(encode(seed=seed, kind=kind))
    (tmp_path / "images" / "readme.txt").write_text("no image")
    return tmp_path / "images"


def names(answer: Any) -> list[str]:
    return [Path(document["path"]).name for document in answer.documents]


class TestInspect:
    def test_tells_what_a_checkpoint_is(self, command: Command, checkpoint: Path) -> None:
        answer = command("inspect", checkpoint)
        document = json.loads(answer.out)
        loaded = load_checkpoint(checkpoint, folded=False)
        assert answer.code == 0
        assert document["version"] == loaded.version
        assert document["labels"] == ["negative", "positive"]
        assert document["network"] == SMALL.to_dict()
        assert document["preprocessing"] == loaded.preprocessing.to_dict()
        assert document["card"] == loaded.card
        counts = document["parameters"]
        assert counts.pop("total") == sum(counts.values()) == sum(p.numel() for p in loaded.network.parameters())
        assert set(counts) == {"feature_extractor", "attention_branch", "perception_branch"}


class TestPredict:
    def test_prints_one_object_a_line_in_the_form_of_the_api(
        self, command: Command, checkpoint: Path, folder: Path
    ) -> None:
        answer = command("predict", checkpoint, folder)
        assert answer.code == 0
        assert names(answer) == ["a.jpg", "b.PNG", "c.webp"]
        document = answer.documents[0]
        assert document["path"] == str(folder / "a.jpg")
        predictor = Predictor(load_checkpoint(checkpoint))
        prediction = predictor.predict(read_image(folder / "a.jpg", "rgb"))
        assert document["prediction"] == {
            "label": prediction.label,
            "index": prediction.index,
            "probability": pytest.approx(prediction.probability, abs=1e-3),
        }
        assert document["probabilities"] == [
            {"label": "negative", "probability": pytest.approx(prediction.probabilities[0], abs=1e-3)},
            {"label": "positive", "probability": pytest.approx(prediction.probabilities[1], abs=1e-3)},
        ]
        explanation = document["explanation"]
        assert 0 < explanation.pop("coverage") < 1
        assert explanation == {
            "method": "attention", "threshold": 0.5, "height": 8, "width": 8,
            "region": {"left": 0, "top": 0, "width": 96, "height": 64},
            "overlay_png": None, "heatmap_png": None, "values": None,
        }  # fmt: skip

    @pytest.mark.parametrize("pattern", ["*.jpg", "**/*.[jw]*", "more"])
    def test_takes_globs_and_folders_and_names_each_file_once(
        self, command: Command, checkpoint: Path, folder: Path, pattern: str
    ) -> None:
        expected = {"*.jpg": ["a.jpg"], "**/*.[jw]*": ["a.jpg", "c.webp"], "more": ["c.webp"]}[pattern]
        assert names(command("predict", checkpoint, folder / pattern, folder / pattern)) == expected

    def test_goes_on_after_a_broken_image_and_returns_1(
        self, command: Command, checkpoint: Path, folder: Path
    ) -> None:
        (folder / "b.PNG").write_bytes((folder / "b.PNG").read_bytes()[:200])
        answer = command("predict", checkpoint, folder / "*")
        assert answer.code == 1
        assert names(answer) == ["a.jpg", "b.PNG", "readme.txt"]
        assert [set(document) == {"path", "error"} for document in answer.documents] == [False, True, True]

    def test_may_leave_the_explanation_out(self, command: Command, checkpoint: Path, folder: Path) -> None:
        answer = command("predict", checkpoint, folder / "a.jpg", "--method", "none")
        assert [document["explanation"] for document in answer.documents] == [None]

    def test_an_overflow_is_an_error_of_that_image(
        self, command: Command, save: Callable[..., Path], folder: Path
    ) -> None:
        network = small_network()
        network.classify.weight.data.fill_(3e38)
        answer = command("predict", save(network, "overflowing.safetensors"), folder / "a.jpg")
        assert answer.code == 1
        assert "not finite" in answer.documents[0]["error"]


class TestExplain:
    @pytest.mark.parametrize("method", ["attention", "lambda_attention"])
    def test_writes_the_overlay_and_the_heatmap_of_each_image(
        self, command: Command, checkpoint: Path, folder: Path, tmp_path: Path, method: str
    ) -> None:
        out = tmp_path / "new" / "out"
        answer = command("explain", checkpoint, folder, "--out", out, "--size", 48, "--method", method)
        assert answer.code == 0
        assert sorted(path.name for path in out.iterdir()) == [
            f"{stem}.{method}.{kind}.png" for stem in "abc" for kind in ("heatmap", "overlay")
        ]
        for document in answer.documents:
            assert document["explanation"]["values"] is None
            for kind, mode in (("overlay", "RGB"), ("heatmap", "RGBA")):
                with Image.open(document["explanation"][f"{kind}_png"]) as image:
                    assert (image.size, image.mode, image.format) == ((48, 32), mode, "PNG")

    def test_shows_a_photograph_in_full_that_was_decoded_small(
        self, command: Command, checkpoint: Path, encode: Callable[..., bytes], tmp_path: Path
    ) -> None:
        photograph = tmp_path / "large.jpg"
        photograph.write_bytes(encode(512, 768))  # 1/8 of it would do for the network
        answer = command("explain", checkpoint, photograph, "--out", tmp_path / "out", "--opacity", 0)
        [written] = [document["explanation"]["overlay_png"] for document in answer.documents]
        with Image.open(written) as shown, Image.open(photograph) as expected:
            np.testing.assert_array_equal(np.asarray(shown), np.asarray(expected))

    def test_keeps_the_pictures_of_images_of_the_same_name_apart(
        self, command: Command, checkpoint: Path, folder: Path, tmp_path: Path
    ) -> None:
        (folder / "more" / "a.jpg").write_bytes((folder / "b.PNG").read_bytes())
        answer = command("explain", checkpoint, folder, "--out", tmp_path / "out")
        written = [document["explanation"]["overlay_png"] for document in answer.documents]
        assert len(set(written)) == len(list((tmp_path / "out").glob("*.overlay.png"))) == 4

    def test_needs_a_folder_for_the_pictures(self, command: Command, checkpoint: Path, folder: Path) -> None:
        answer = command("explain", checkpoint, folder)
        assert answer.code == 2
        assert "--out" in answer.err


class TestErrors:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["inspect", "nowhere.safetensors"], "nowhere.safetensors"),
            (["inspect", "images/a.jpg"], "not a checkpoint"),
            (["predict", "nowhere.safetensors", "images"], "nowhere.safetensors"),
            (["predict", "small.safetensors", "images/*.gif"], "no image there"),
            (["predict", "small.safetensors", "images", "--device", "abacus"], "abacus"),
            (["explain", "small.safetensors", "images", "--out", "small.safetensors"], "small.safetensors"),
            (["import", "nowhere.pt", "o", "--preset", "compact", "--labels", "a,b"], "nowhere.pt"),
            (["import", "nowhere.pt", "o", "--preset", "compact", "--labels", "a,b", "--threshold", "2"], "pt"),
        ],
    )
    @pytest.mark.usefixtures("checkpoint", "folder")
    def test_are_one_line_and_exit_2(
        self, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
    ) -> None:
        monkeypatch.chdir(tmp_path)
        answer = command(*arguments)
        assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
        assert answer.err.startswith("error: ")
        assert said in answer.err

    @pytest.mark.parametrize(
        "option",
        [
            ("--threshold", "2"), ("--threshold", "nan"), ("--opacity", "5"), ("--opacity", "-1"), ("--size", "0"),
            ("--method", "rice"), ("--colormap", "jet"), ("--size", "big"),
        ],
    )  # fmt: skip
    def test_of_an_option_name_it(
        self, command: Command, checkpoint: Path, folder: Path, option: tuple[str, str]
    ) -> None:
        answer = command("predict", checkpoint, folder, *option)
        assert (answer.code, answer.out) == (2, "")
        assert answer.err.splitlines()[-1].startswith("python -m model predict: error: argument " + option[0])

    @pytest.mark.parametrize("documents", [1, 20])  # less and more than a buffer
    def test_a_reader_that_goes_away_is_not_one(
        self, checkpoint: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, documents: int
    ) -> None:
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "w") as stdout:
            monkeypatch.setattr(sys, "stdout", stdout)
            assert main(["inspect", *[str(checkpoint)] * documents]) == 0
            stdout.flush()  # as Python does at its end
            monkeypatch.undo()
        assert capsys.readouterr().err == ""

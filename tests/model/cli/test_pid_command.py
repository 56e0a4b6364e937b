"""`python -m model pid`: the files it leaves, what it prints, and that it takes up where it was."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from model.checkpoint import LoadedCheckpoint
from model.metrics.statistics import mean_interval
from tests.model.networks import small_network

Command = Callable[..., Any]
OPTIONS = ("--methods", "attention,rise", "--patch-sizes", "8,16", "--step", 1, "--rise-masks", 20)


@pytest.fixture
def checkpoint(loaded: LoadedCheckpoint, tmp_path: Path) -> Path:  # noqa: ARG001  (it writes the file)
    return tmp_path / "small.safetensors"


@pytest.fixture
def photos(tmp_path: Path, encode: Callable[..., bytes]) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed, name in enumerate("abc"):
        (folder / f"{name}.png").write_bytes(encode(seed=seed, kind="PNG"))
    return folder


@pytest.fixture
def pid(command: Command, checkpoint: Path, photos: Path, tmp_path: Path) -> Command:
    """Run the command on all photos, with further options."""
    return lambda *more: command("pid", checkpoint, photos, *OPTIONS, "--out", tmp_path / "out", *more)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_prints_the_scores_of_each_image_and_writes_its_files(pid: Command, photos: Path, tmp_path: Path) -> None:
    answer, out = pid("--target", "positive"), tmp_path / "out"
    assert answer.code == 0
    assert sorted(path.name for path in out.iterdir()) == sorted(
        [f"{name}.{kind}" for name in "abc" for kind in ("json", "curves.csv", "png", "strip.png")]
        + ["table.csv", "table.md", "differences.csv", "pid-over-m.png"]
    )
    for name, line in zip("abc", answer.documents, strict=True):
        document = json.loads((out / f"{name}.json").read_text())
        assert line["path"] == document["path"] == str(photos / f"{name}.png")
        assert line["target"] == {"label": "positive", "index": 1}
        assert (line["protocol"], line["step"], line["blank"], line["resumed"]) == ("paper", 1, "black", False)
        for method in ("attention", "rise"):
            scores = document["methods"][method]["scores"]
            assert line["pid"][method] == {str(score["patch_size"]): score["pid"] for score in scores}
        points = rows(out / f"{name}.curves.csv")
        assert len(points) == 2 * (17 + 5)
        first = [float(point["insertion"]) for point in points[:17]]
        assert first == document["methods"]["attention"]["scores"][0]["insertion_curve"]
        assert [float(point["share"]) for point in points[:17]] == pytest.approx(np.linspace(0, 1, 17))
        with Image.open(out / f"{name}.png") as picture:
            assert picture.format == "PNG"
            assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 100


def test_the_table_has_means_and_intervals_in_the_papers_layout(pid: Command, tmp_path: Path) -> None:
    lines = pid().documents
    mean = mean_interval([line["pid"]["rise"]["16"] for line in lines])
    table = {(row["method"], row["patch_size"]): row for row in rows(tmp_path / "out" / "table.csv")}
    assert list(table) == [(method, m) for method in ("attention", "rise") for m in ("8", "16")]
    row = table["rise", "16"]
    assert [float(row[name]) for name in ("pid", "low", "high")] == pytest.approx(mean)
    assert (row["images"], row["protocol"]) == ("3", "paper")
    caption, _, header, _, *body = (tmp_path / "out" / "table.md").read_text().splitlines()
    assert 'protocol "paper"' in caption
    assert "n = 3" in caption
    assert header == "| PID | m=8 | m=16 |"
    assert [line.split(" | ")[0] for line in body[:2]] == ["| attention", "| rise"]
    assert body[1].endswith(f" | {mean.value:.3f} [{mean.low:.3f}, {mean.high:.3f}] |")


def test_goes_on_where_it_was(pid: Command, tmp_path: Path) -> None:
    first = pid().documents
    table = (tmp_path / "out" / "table.csv").read_text()
    (tmp_path / "out" / "b.json").unlink()
    again = pid().documents
    assert [line.pop("resumed") for line in again] == [True, False, True]
    assert again == [{name: value for name, value in line.items() if name != "resumed"} for line in first]
    assert (tmp_path / "out" / "table.csv").read_text() == table


def test_another_request_image_or_checkpoint_is_computed(
    pid: Command, save: Callable[..., Path], photos: Path, tmp_path: Path, encode: Callable[..., bytes]
) -> None:
    def resumed(*more: object) -> list[bool]:
        return [line["resumed"] for line in pid(*more).documents]

    assert resumed() == [False] * 3
    assert resumed("--seed", 1) == [False] * 3
    (photos / "a.png").write_bytes(encode(seed=9, kind="PNG"))
    assert resumed("--seed", 1) == [False, True, True]
    (tmp_path / "out" / "c.json").write_text('{"provenance": ')
    assert resumed("--seed", 1) == [True, True, False]
    save(small_network(seed=5))
    assert resumed("--seed", 1) == [False] * 3


def test_a_broken_image_is_a_line_and_the_rest_goes_on(pid: Command, photos: Path, tmp_path: Path) -> None:
    (photos / "b.png").write_bytes((photos / "b.png").read_bytes()[:200])
    answer = pid()
    assert answer.code == 1
    assert [set(line) == {"path", "error"} for line in answer.documents] == [False, True, False]
    assert not (tmp_path / "out" / "b.json").exists()
    assert {row["images"] for row in rows(tmp_path / "out" / "table.csv")} == {"2"}


def test_grey_pictures_can_be_drawn(
    command: Command, save: Callable[..., Path], photos: Path, tmp_path: Path
) -> None:
    grey = save(small_network(channels=1), "grey.safetensors")
    assert command("pid", grey, photos / "a.png", *OPTIONS, "--out", tmp_path / "out").code == 0
    assert (tmp_path / "out" / "a.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--target", "ill"), "'ill'"),
        (("--methods", "rice"), "rice"),
        (("--protocol", "published", "--step", "4096"), "needs a step under"),
        (("--protocol", "published", "--step", "4"), "under the 4 patches"),
        (("--patch-sizes", "0"), "patch_sizes"),
        (("--patch-sizes", "8,big"), "--patch-sizes"),
        (("--step", "0"), "--step"),
        (("--blank", "pink"), "--blank"),
    ],
)
def test_what_cannot_be_measured_is_named_and_nothing_is_written(
    pid: Command, tmp_path: Path, option: tuple[str, ...], said: str
) -> None:
    answer = pid(*option)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err.splitlines()[-1]
    assert not list(tmp_path.glob("out/*"))


def test_results_never_take_the_place_of_photographs(command: Command, checkpoint: Path, photos: Path) -> None:
    before = {path: path.read_bytes() for path in photos.iterdir()}
    answer = command("pid", checkpoint, photos, *OPTIONS, "--out", photos)
    assert answer.code == 2
    assert "a.png would be written over" in answer.err
    assert {path: path.read_bytes() for path in photos.iterdir()} == before


def test_files_of_one_name_have_results_of_their_own(command: Command, checkpoint: Path, photos: Path) -> None:
    for folder in ("x/y", "x-y"):
        (photos / folder).mkdir(parents=True)
        (photos / folder / "a.png").write_bytes((photos / "b.png").read_bytes())
    out = photos.parent / "out"
    for resumed in (False, True):
        answer = command("pid", checkpoint, photos / "x", photos / "x-y", photos / "a.png", *OPTIONS, "--out", out)
        assert [line["resumed"] for line in answer.documents] == [resumed] * 3
    assert len(list(out.glob("a-????????.json"))) == 3


def test_what_another_request_left_unfinished_is_not_taken_up(pid: Command, tmp_path: Path) -> None:
    out = tmp_path / "out"
    pid()
    (out / "a.strip.png").unlink()
    (out / "a.strip.png").mkdir()  # the next request ends in the middle of its files
    assert pid("--blank", "blur").code == 2
    (out / "a.strip.png").rmdir()
    assert [line["resumed"] for line in pid().documents] == [False, True, True]


def test_results_in_another_form_are_computed_again(pid: Command, tmp_path: Path) -> None:
    pid()
    path = tmp_path / "out" / "a.json"
    document = json.loads(path.read_text())
    for changed in ({**document, "provenance": {**document["provenance"], "format": 0}}, {"sha256": "0"}, []):
        path.write_text(json.dumps(changed))
        assert [line["resumed"] for line in pid().documents] == [False, True, True]


def test_both_protocols_and_random_orders_go_through_the_command(pid: Command, tmp_path: Path) -> None:
    answer = pid("--protocol", "published", "--random-orders", 2, "--blank", "mean")
    assert answer.code == 0
    document = json.loads((tmp_path / "out" / "a.json").read_text())
    score = document["methods"]["attention"]["scores"][0]
    assert (score["protocol"], score["blank"], score["error_estimate"]) == ("published", "mean", None)
    low, high = score["random_band"]
    assert low < high

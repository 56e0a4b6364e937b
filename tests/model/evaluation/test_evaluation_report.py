"""What is said of a set, over documents whose answers are known."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from model.checkpoint import LoadedCheckpoint
from model.evaluation.evaluate import evaluate_image
from model.evaluation.figures.insertion_sequence import SHARES, insertion_steps
from model.evaluation.report import remove_report, write_report
from model.evaluation.request import EvaluationRequest
from model.evaluation.tables.comparison import difference_rows
from model.evaluation.tables.localisation import localisation_rows
from model.evaluation.tables.scores import table_rows
from model.images.preprocessing import to_pixels
from model.metrics.blanks import blank_image
from model.metrics.statistics import holm, sign_flip_test
from tests.model.networks import images

METHODS = ("attention", "random")


def document(scores: dict[str, dict[int, float]], *, target: str = "positive", hit: float | None = None) -> Any:
    """What `Evaluation.to_dict` would say, of these scores by method and patch size."""
    request = EvaluationRequest(
        methods=tuple(scores), patch_sizes=tuple(next(iter(scores.values()))), target=target
    )
    localisation = hit and {
        "pointing_game": hit,
        "energy_inside": 0.2,
        "average_precision": 0.1,
        "mask_share": 0.05,
        "pointing_chance": 0.2,
    }
    return {
        "p_full": 0.9,
        "p_blank": 0.2,
        "provenance": {"request": request.to_dict(), "checkpoint": "0123456789ab"},
        "methods": {
            name: {
                "localisation": localisation,
                "scores": [
                    {
                        "patch_size": m, "protocol": "paper", "step": 1, "blank": "black", "pid": pid,
                        "insertion": 0.5 + pid / 2, "deletion": 0.5 - pid / 2, "error_estimate": 0.01 * m,
                        "tied_fraction": 0.0, "random_band": [-0.1, 0.1],
                    }
                    for m, pid in sizes.items()
                ],
            }
            for name, sizes in scores.items()
        },
    }  # fmt: skip


SET = [
    document({"attention": {8: 0.3 + 0.01 * i, 16: 0.1 * (-1) ** i}, "random": {8: 0.02 * i, 16: 0.0}}, hit=i / 4)
    for i in range(5)
]


def test_rows_are_means_over_the_images() -> None:
    rows = {(row["method"], row["patch_size"]): row for row in table_rows(SET)}
    assert list(rows) == [("attention", 8), ("attention", 16), ("random", 8), ("random", 16)]
    row = rows["attention", 8]
    assert row["pid"] == pytest.approx(0.32)
    assert row["low"] < 0.32 < row["high"]
    assert (row["images"], row["band_low"], row["band_high"]) == (5, -0.1, 0.1)
    assert row["error_estimate"] == pytest.approx(0.08)
    assert row["insertion"] - row["deletion"] == pytest.approx(row["pid"])


def test_without_random_orders_there_is_no_band() -> None:
    [one] = [document({"attention": {8: 0.3}})]
    one["methods"]["attention"]["scores"][0]["random_band"] = None
    assert table_rows([one])[0]["band_low"] is None


def test_one_image_has_no_interval(tmp_path: Path) -> None:
    one = [document({"attention": {8: 0.3}, "random": {8: 0.1}}, hit=0.5)]
    rows = [*table_rows(one), *difference_rows(one), *localisation_rows(one)]
    assert {(row["low"], row["high"]) for row in rows} == {(None, None)}
    write_report(tmp_path, one)
    words = (tmp_path / "table.md").read_text()
    assert "| attention | 0.300 [–] |" in words
    assert "0.200 [–], p=1.000" in words
    assert "One image has no interval." in words
    with (tmp_path / "table.csv").open(newline="") as file:
        row = next(csv.DictReader(file))
    assert (row["pid"], row["low"], row["high"]) == ("0.3", "", "")


def test_methods_are_compared_in_pairs_over_the_same_images() -> None:
    rows = difference_rows(SET)
    assert [(row["first"], row["second"], row["patch_size"]) for row in rows] == [(*METHODS, 8), (*METHODS, 16)]
    p_values = [sign_flip_test([0.3 - 0.01 * i for i in range(5)]), sign_flip_test([0.1, -0.1, 0.1, -0.1, 0.1])]
    assert rows[0]["difference"] == pytest.approx(0.28)
    assert [row["p_value"] for row in rows] == p_values == [2 / 32, 1.0]
    assert [row["p_holm"] for row in rows] == holm(p_values)


def test_localisation_is_over_the_images_that_have_a_mask() -> None:
    rows = localisation_rows(SET)  # the first one has none: 0 / 4 is no mask
    assert [row["value"] for row in rows if row["figure"] == "pointing_game"] == [0.625, 0.625]
    assert {row["images"] for row in rows} == {4}
    assert {row["figure"]: row["chance"] for row in rows} == {
        "pointing_game": 0.2, "energy_inside": 0.05, "average_precision": 0.05,
    }  # fmt: skip


def test_a_report_says_what_it_is_of(tmp_path: Path) -> None:
    write_report(tmp_path, SET)
    assert {path.name for path in tmp_path.iterdir()} == {
        "table.md", "table.csv", "differences.csv", "localisation.csv", "pid-over-m.png",
    }  # fmt: skip
    words = (tmp_path / "table.md").read_text()
    for said in (
        'protocol "paper"',
        "n = 5",
        "target positive",
        "0.200",
        "| attention − random |",
        "| chance | 0.200 | 0.050 | 0.050 |",
    ):
        assert said in words
    with (tmp_path / "table.csv").open(newline="") as file:
        assert math.isclose(float(next(csv.DictReader(file))["pid"]), 0.32)
    with Image.open(tmp_path / "pid-over-m.png") as plot:
        assert len(np.unique(np.asarray(plot.convert("RGB")).reshape(-1, 3), axis=0)) > 50


def test_a_report_leaves_nothing_of_the_one_before(tmp_path: Path) -> None:
    write_report(tmp_path, SET)
    remove_report(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_protocol_published_leaves_out_is_not_guessed(tmp_path: Path) -> None:
    [one] = [document({"attention": {8: 0.3}})]
    one["methods"]["attention"]["scores"][0]["error_estimate"] = None
    assert table_rows([one])[0]["error_estimate"] is None
    write_report(tmp_path, [one])
    assert "left out" not in (tmp_path / "table.md").read_text()


def test_small_p_values_are_not_printed_as_none(tmp_path: Path) -> None:
    write_report(tmp_path, [document({"attention": {8: 0.3}, "random": {8: 0.0}}) for _ in range(25)])
    assert "p<0.001" in (tmp_path / "table.md").read_text()


def test_one_method_without_masks_is_compared_with_nothing(tmp_path: Path) -> None:
    both = [document({"attention": {8: 0.1}}), document({"attention": {8: 0.3}}, target="negative")]
    write_report(tmp_path, both)
    assert {path.name for path in tmp_path.iterdir()} == {"table.md", "table.csv", "pid-over-m.png"}
    assert "target each image's own" in (tmp_path / "table.md").read_text()


def test_a_strip_goes_from_the_blank_to_the_image_strongest_patches_first(loaded: LoadedCheckpoint) -> None:
    image = images(1)[0]
    request = EvaluationRequest(methods=("random",), patch_sizes=(4, 8), step=1)
    method = evaluate_image(loaded, image, request).methods["random"]
    pixels = to_pixels(image, loaded.preprocessing)
    blank = to_pixels(blank_image("black", image, loaded.preprocessing), loaded.preprocessing)
    steps = insertion_steps(method, pixels, blank)
    assert [share for share, _, _ in steps] == [round(16 * share) / 16 for share in SHARES]
    assert steps[0][2].tolist() == blank.tolist()
    assert steps[-1][2].tolist() == pixels.tolist()
    patches = torch.from_numpy(method.saliency).unfold(0, 8, 8).unfold(1, 8, 8).amax(dim=(2, 3))
    strongest = (patches == patches.max()).repeat_interleave(8, 0).repeat_interleave(8, 1).numpy()
    np.testing.assert_array_equal(steps[1][2], np.where(strongest[..., None], pixels, blank))
    score = method.scores[1]
    assert [p for _, p, _ in steps] == [score.insertion_curve[round(16 * share)] for share in SHARES]

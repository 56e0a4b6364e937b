"""`python -m training ablate`: what varies, runs that were killed, tables."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from model.errors import ConfigurationError
from tests.training.conftest import MakeConfig
from tests.training.runs import REPOSITORY, environment
from tests.training.test_command import write_toml
from training.__main__ import main
from training.experiments.ablation.variations import Variation, variations
from training.experiments.published_results import ABLATION

ASKED = ("--methods", "attention", "--patch-sizes", "8,16", "--step", "1", "--sample", "2")


def changes(variation: Variation, base: Variation) -> list[str]:
    """The keys in which a variation differs from the base."""
    one, other = (each.config.to_dict() for each in (variation, base))
    return [f"{table}.{key}" for table in one for key in one[table] if one[table][key] != other[table][key]]


def test_each_variation_differs_from_the_base_in_one_thing(make_config: MakeConfig) -> None:
    base, *others = variations(make_config(), pretrained="checkpoint")
    assert base.name == "base"
    assert {tuple(changes(each, base)) for each in others} == {
        ("network.split",), ("network.threshold",), ("network.branch_width",), ("network.branch_block",),
        ("loss.branch_weight",), ("run.initialise_from",),
    }  # fmt: skip
    assert len({each.name for each in others}) == len(others)


def test_splits_lie_at_the_papers_relative_depths(make_config: MakeConfig) -> None:
    network = {"stage_depths": [3, 4, 6, 3], "stage_widths": [8, 8, 8, 8], "split": 7}
    found = variations(make_config(network=network), ["split"])
    assert [(each.config.network.split, each.published) for each in found] == [
        (7, "B = 7 of 16"), (3, "B = 3 of 16"), (13, "B = 13 of 16"),
    ]  # fmt: skip


def test_a_pretrained_base_is_varied_where_it_can_start_from_its_checkpoint(make_config: MakeConfig) -> None:
    config = make_config(run={"initialise_from": "somewhere"})
    names = {changes(each, variations(config)[0])[0] for each in variations(config)[1:]}
    assert names == {"network.threshold", "loss.branch_weight", "run.initialise_from"}
    with pytest.raises(ConfigurationError, match=r"cannot start from run\.initialise_from"):
        variations(config, ["split"])


@pytest.mark.parametrize(("vary", "said"), [("depth", "no variation 'depth'"), ("pretraining", "nothing to vary")])
def test_what_cannot_vary_is_named(
    tmp_path: Path, two_classes: Path, capsys: pytest.CaptureFixture[str], vary: str, said: str
) -> None:
    config = write_toml(tmp_path / "base.toml")
    command = ["ablate", str(config), "--data", str(two_classes), "--out", str(tmp_path / "out"), "--vary", vary]
    assert main(command) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.faults
def test_a_killed_ablation_of_generated_images_goes_on_and_its_tables_agree(tmp_path: Path) -> None:
    config = write_toml(
        tmp_path / "base.toml", data={"kind": "generated-fundus", "count": 16, "labels": []}, run={"epochs": 3}
    )
    out = tmp_path / "out"
    command = ["ablate", str(config), "--out", str(out), "--vary", "threshold", "--seeds", "2", *ASKED]
    process = subprocess.Popen(
        [sys.executable, "-m", "training", *command],
        cwd=REPOSITORY, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    done = out / "base" / "seed0" / "result.json"
    while not done.exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    before = done.stat().st_mtime_ns, (done.parent / "state.pt").stat().st_mtime_ns

    assert main(command) == 0
    assert (done.stat().st_mtime_ns, (done.parent / "state.pt").stat().st_mtime_ns) == before
    document = json.loads((out / "ablation.json").read_text())
    assert [(run["variation"], run["seed"]) for run in document["runs"]] == [
        ("base", 0), ("threshold=0.0", 0), ("base", 1), ("threshold=0.0", 1),
    ]  # fmt: skip
    assert_tables_agree(out, document)


def assert_tables_agree(out: Path, document: dict[str, list[dict[str, object]]]) -> None:
    """Make sure that CSV and Markdown tell what JSON tells, of both protocols and all sizes."""
    rows = document["rows"]
    assert len(rows) == 2 * 2 * 2
    with (out / "ablation.csv").open(newline="") as file:
        written = list(csv.DictReader(file))
    assert [(row["variation"], row["protocol"], float(row["pid"])) for row in written] == [
        (row["variation"], row["protocol"], row["pid"]) for row in rows
    ]
    text = (out / "ablation.md").read_text()
    for row in rows:
        assert f"{row['pid']:.3f} ± {row['sd']:.3f}" in text
        assert row["runs"] == 2
    assert f"| *paper: θ = 0* | *{ABLATION.mean('θ = 0', 8):.3f}* |" in text
    for row in document["differences"]:
        assert f"{row['difference']:+.3f}" in text
        assert row["images"] == 4


def test_an_ablation_of_files_compares_the_same_images(tmp_path: Path, idrid: Path) -> None:
    config, out = write_toml(tmp_path / "base.toml", data={"kind": "idrid", "labels": []}), tmp_path / "out"
    command = ["ablate", str(config), "--data", str(idrid), "--out", str(out), "--epochs", "1", *ASKED]
    assert main([*command, "--vary", "branch_weight", "--protocol", "paper"]) == 0
    document = json.loads((out / "ablation.json").read_text())
    names = [run["variation"] for run in document["runs"]]
    assert names == ["base", "branch_weight=0", "branch_weight=3"]
    of_images = {
        tuple(sorted(path.name for path in (out / name / "seed0" / "pid-paper").glob("IDRiD_*.json")))
        for name in names
    }
    assert len(of_images) == 1
    by_name = {(row["variation"], row["patch_size"]): row["pid"] for row in document["rows"]}
    for row in document["differences"]:
        wanted = by_name[row["variation"], row["patch_size"]] - by_name["base", row["patch_size"]]
        assert row["difference"] == pytest.approx(wanted)

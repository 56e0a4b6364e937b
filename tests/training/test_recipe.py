"""Recipes of several stages: how they are read, run, resumed, and what they may start from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model.checkpoint import load_checkpoint
from model.errors import ConfigurationError
from tests.training.conftest import NETWORK, MakeConfig
from tests.training.runs import metrics
from training.__main__ import main
from training.config import TrainingConfig
from training.data.sources import training_data
from training.errors import SplitMismatch
from training.fit.trainer import Trainer
from training.recipe import Recipe
from training.split import check_start, splits_of_card

CONFIGS = Path(__file__).parents[2] / "training" / "configs"
CHECKPOINTS = Path(__file__).parents[2] / "checkpoints"
SHARED = {
    "network": NETWORK,
    "preprocessing": {"mode": "rgb", "height": 32, "width": 32, "mean": [0.5] * 3, "std": [0.25] * 3},
    "data": {"kind": "own", "labels": ["dark", "bright"], "validation_share": 0.25},
    "run": {"epochs": 1, "batch_size": 6},
}
STAGES = """
[[stages]]
name = "pretrain"
data = { kind = "generated-fundus", count = 8, validation_share = 0.5 }
run = { seed = 1 }
[[stages]]
name = "finetune"
[[stages]]
name = "slower"
optim = { trunk_lr = 1e-5 }
"""


def write_recipe(path: Path, stages: str = STAGES) -> Path:
    """Write the shared tables and stages; JSON's values are TOML's here."""
    lines = []
    for table, values in SHARED.items():
        lines += [f"[{table}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
    path.write_text("\n".join(lines) + stages)
    return path


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return write_recipe(tmp_path / "recipe.toml")


@pytest.mark.parametrize(("recipe", "checkpoint"), [
    ("idrid", "labn-idrid"), ("magnetogram", "labn-magnetogram"),
])  # fmt: skip
def test_last_stage_is_what_the_shipped_network_was_trained_with(recipe: str, checkpoint: str) -> None:
    shipped = TrainingConfig.of_checkpoint(load_checkpoint(CHECKPOINTS / f"{checkpoint}.safetensors"))
    last = Recipe.read(CONFIGS / f"{recipe}.toml").stages[-1].config
    assert last == shipped.changed("run", initialise_from="")


def test_stages_replace_keys_of_the_shared_tables(recipe: Path) -> None:
    pretrain, finetune, slower = (stage.config for stage in Recipe.read(recipe, {"epochs": 3}).stages)
    assert (pretrain.data.kind, pretrain.data.labels, pretrain.run.seed) == (
        "generated-fundus",
        ("dark", "bright"),
        1,
    )
    assert (finetune.data.kind, finetune.run.seed) == ("own", 0)
    assert slower == finetune.changed("optim", trunk_lr=1e-5)
    assert {pretrain.run.epochs, finetune.run.epochs} == {3}


def test_seed_shifts_all_stages_and_folds_are_those_of_real_images(recipe: Path) -> None:
    read = Recipe.read(recipe, {"seed": 5})
    assert [stage.config.run.seed for stage in read.stages] == [6, 5, 5]
    folds = [(stage.config.data.fold, stage.config.data.folds) for stage in read.with_fold(1, 3).stages]
    assert folds == [(0, 0), (1, 3), (1, 3)]


@pytest.mark.parametrize(("stages", "message"), [
    ("", None),
    ("\n[stages]\nname = 'one'", r"stages must be tables: \[\[stages\]\]"),
    ("\n[[stages]]\nrun = { epochs = 2 }", "needs a name of its own"),
    ("\n[[stages]]\nname = '../one'", "needs a name of its own"),
    ("\n[[stages]]\nname = 'one'\n[[stages]]\nname = 'one'", "needs a name of its own"),
    ("\n[[stages]]\nname = 'one'\nrun = { epocs = 2 }", "stage one: run.epocs: unknown key"),
    ("\n[[stages]]\nname = 'one'\nstrange = 2", r"stage one: unknown keys \['strange'\]"),
    ("\n[[stages]]\nname = 'one'\n[[stages]]\nname = 'two'\nrun = { initialise_from = 'x' }", "only the first"),
    ("\n[[stages]]\nname = 'one'\n[[stages]]\nname = 'two'\nrun = { seed = 1 }", "must have one split"),
])  # fmt: skip
def test_wrong_stages_are_refused_with_the_file_and_the_stage(
    tmp_path: Path, stages: str, message: str | None
) -> None:
    path = write_recipe(tmp_path / "recipe.toml", stages)
    if message is None:
        assert [stage.name for stage in Recipe.read(path).stages] == [""]
        return
    with pytest.raises(ConfigurationError, match=rf"recipe\.toml: .*{message}"):
        Recipe.read(path)


def test_command_of_a_single_run_refuses_stages(recipe: Path) -> None:
    with pytest.raises(
        ConfigurationError, match="has stages; this command takes the configuration of a single run"
    ):
        TrainingConfig.read(recipe)


def test_each_stage_starts_from_the_one_before_and_is_run_once(
    recipe: Path, two_classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = ["train", str(recipe), "--data", str(two_classes), "--out", str(out)]
    assert main(command) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in printed] == ["pretrain", "finetune", "slower"]
    cards = [
        load_checkpoint(out / name / "checkpoint.safetensors").card for name in ("pretrain", "finetune", "slower")
    ]
    starts = [card["training"]["run"]["initialise_from"] for card in cards]
    assert starts == ["", *(str(out / name / "checkpoint.safetensors") for name in ("pretrain", "finetune"))]
    own = {"kind": "own", "seed": 0, "validation_share": 0.25}
    assert [card["splits"] for card in cards] == [[], [own], [own]]

    times = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    (out / "slower" / "state.pt").unlink()  # as if it had been killed in its first epoch
    assert main(command) == 0
    changed = {path.parent.name for path, time in times.items() if path.stat().st_mtime_ns != time}
    assert changed == {"slower"}
    assert capsys.readouterr().out.splitlines() == printed


def test_stage_of_a_start_that_was_replaced_is_refused(
    recipe: Path, two_classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = ["train", str(recipe), "--data", str(two_classes), "--out", str(out)]
    assert main(command) == 0
    (out / "pretrain" / "checkpoint.safetensors").write_bytes(
        (out / "slower" / "checkpoint.safetensors").read_bytes()
    )
    assert main(command) == 2
    assert f"{out / 'finetune'} holds a run that started from another checkpoint" in capsys.readouterr().err


def test_all_stages_run_for_each_fold(recipe: Path, two_classes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["train", str(recipe), "--data", str(two_classes), "--out", str(out), "--folds", "2"]) == 0
    assert json.loads((out / "folds.json").read_text())["folds"] == [0, 1]
    for fold in (0, 1):
        assert len(metrics(out / f"fold{fold}" / "pretrain")) == 1
        splits = load_checkpoint(out / f"fold{fold}" / "slower" / "checkpoint.safetensors").card["splits"]
        assert splits == [{"kind": "own", "seed": 0, "folds": 2, "fold": fold}]


@pytest.mark.parametrize(("changes", "refused"), [
    ({}, False),
    ({"run": {"seed": 1}}, True),
    ({"data": {"folds": 4, "fold": 1}}, True),
    ({"data": {"validation_share": 0.5}}, True),
    ({"data": {"kind": "idrid"}}, True),
    ({"data": {"kind": "idrid"}, "run": {"disjoint_start": True}}, False),
    ({"data": {"kind": "generated-fundus"}, "run": {"seed": 1}}, False),
    ({"augment": {"contrast": 0.5}, "run": {"epochs": 9}}, False),
])  # fmt: skip
def test_start_from_another_split_is_refused(
    make_config: MakeConfig, changes: dict[str, dict[str, object]], refused: bool
) -> None:
    card = {"training": make_config().to_dict()}
    config = make_config(**changes)
    if not refused:
        check_start(card, config)
        return
    with pytest.raises(
        SplitMismatch, match=r"trained on another split \(kind own, seed 0, validation_share 0.25\)"
    ):
        check_start(card, config)


def test_generated_and_imported_checkpoints_may_start_any_run(make_config: MakeConfig) -> None:
    generated = make_config(data={"kind": "generated-fundus"}, run={"seed": 7})
    check_start({"training": generated.to_dict()}, make_config())
    check_start({}, make_config())


def test_split_of_an_earlier_start_is_remembered(make_config: MakeConfig) -> None:
    """Real images, then generated ones: the first split still counts."""
    first = {"kind": "own", "seed": 3, "validation_share": 0.25}
    card = {"training": make_config(data={"kind": "generated-fundus"}).to_dict(), "splits": [first]}
    assert splits_of_card(card) == [first]
    with pytest.raises(SplitMismatch, match="seed 3"):
        check_start(card, make_config())


def test_seeds_and_folds_of_a_start_with_one_split_are_refused(
    make_config: MakeConfig,
    two_classes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = make_config(run={"epochs": 1})
    trainer = Trainer(first, training_data(first, two_classes), tmp_path / "first")
    trainer.run()
    shared = (
        STAGES.partition("[[stages]]")[0]
        + f'\n[[stages]]\nname = "on"\nrun = {{ initialise_from = "{trainer.checkpoint}" }}'
    )
    path = write_recipe(tmp_path / "on.toml", shared)
    command = ["train", str(path), "--data", str(two_classes), "--out", str(tmp_path / "out")]
    assert main([*command, "--seeds", "2"]) == 2
    assert "trained on another split (kind own, seed 0" in capsys.readouterr().err
    assert not (tmp_path / "out" / "seed1").exists()
    assert main([*command, "--folds", "2"]) == 2
    assert "than this run (kind own, seed 0, folds 2, fold 0)" in capsys.readouterr().err

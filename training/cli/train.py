"""`python -m training train`: runs a recipe, once or for several seeds or folds."""

from __future__ import annotations

import argparse
from pathlib import Path

from model.cli.arguments import at_least
from model.runtime.device import usable_device
from training.cli.arguments import Commands
from training.fit.distributed import joined_processes
from training.fit.stages import StageResult, run_stages
from training.fit.state import EpochRecord
from training.recipe import Recipe
from training.scoring.several_runs import recipes, write_runs


def add_command(commands: Commands) -> None:
    """Add the command with its options."""
    train = commands.add_parser("train", help="train from a TOML file; run again to resume")
    train.add_argument("config", type=Path, help="TOML file: one run, or [[stages]] that build on one another")
    train.add_argument("--data", type=Path, help="folder of the data set")
    train.add_argument("--out", type=Path, help="folder of the run (runs/CONFIG-seedN)")
    train.add_argument("--seed", type=int, help="instead of the file's")
    several = train.add_mutually_exclusive_group()
    several.add_argument(
        "--seeds", type=at_least(1), metavar="N", help="N runs, from --seed on; mean and sd in seeds.json, .csv"
    )
    several.add_argument(
        "--folds", type=at_least(2), metavar="N", help="N runs, each validated on another N-th of the images"
    )
    train.add_argument("--epochs", type=int, help="instead of the file's")
    train.add_argument("--device", default="cpu", help="cpu or cuda")
    train.set_defaults(command=run)


def run(options: argparse.Namespace) -> None:
    """Train; print the best epoch of each run or stage, and mean ± sd of several runs."""
    overrides = {key: getattr(options, key) for key in ("seed", "epochs") if getattr(options, key) is not None}
    kind, runs = recipes(Recipe.read(options.config, overrides), seeds=options.seeds or 1, folds=options.folds or 0)
    several = bool(options.seeds or options.folds)
    best: dict[int, EpochRecord] = {}
    with joined_processes(usable_device(options.device)) as (processes, device):
        for number, recipe in runs.items():
            out = _folder(options, f"{kind}{number}", several=several)
            for result in run_stages(recipe, options.data, out, device=device, processes=processes):
                best[number] = result.best
                if processes.first:
                    print(_in_words(result))
        if several and processes.first:
            out = options.out or Path("runs") / f"{options.config.stem}-{kind}s"
            for figure, value in write_runs(out, kind, best).items():
                print(f"{figure}: {value['mean']:.4f} ± {value['sd']:.4f}")


def _folder(options: argparse.Namespace, run: str, *, several: bool) -> Path:
    if options.out is None:
        return Path("runs") / f"{options.config.stem}-{run}"
    return Path(options.out / run if several else options.out)


def _in_words(result: StageResult) -> str:
    best, stage = result.best, f"{result.name}: " if result.name else ""
    figures = f"validation loss {best.validation_loss:.4f}, AUROC {best.validation_auroc:.4f}"
    return f"{stage}best epoch {best.epoch}: {figures} -> {result.checkpoint}"

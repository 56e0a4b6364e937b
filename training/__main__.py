"""`python -m training train | evaluate | ablate | report | ship | generate`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TypeAlias

from model.checkpoint import load_checkpoint
from model.cli.arguments import at_least, share
from model.cli.pid_arguments import add_request_arguments, request_of
from model.errors import ConfigurationError, LabnError
from model.evaluation.request import EvaluationRequest
from model.runtime.allocator import keep_memory
from model.runtime.device import usable_device
from training.cli.arguments import add_choice_arguments, choice_of
from training.config import TrainingConfig
from training.data.sources import training_data
from training.experiments.ablation import arguments as ablation_arguments
from training.experiments.report import arguments as report_arguments
from training.fit.state import EpochRecord
from training.generators.fundus import generator as fundus_generator
from training.generators.magnetogram import generator as magnetogram_generator
from training.generators.magnetogram.disk import CLIP, SIDE, SIZES
from training.scoring.explanations import Choice

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; errors that have a name are one line on stderr and exit status 2."""
    keep_memory()
    options = _parser().parse_args(arguments)
    options.typed = sys.argv[1:] if arguments is None else arguments
    try:
        return options.command(options) or 0
    except (LabnError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return 130


def _train(options: argparse.Namespace) -> None:
    from training.fit.distributed import joined_processes
    from training.fit.trainer import Trainer  # matplotlib and torch's optimisers, not needed for --help
    from training.scoring.several_runs import configurations, write_runs

    overrides = {key: getattr(options, key) for key in ("seed", "epochs") if getattr(options, key) is not None}
    first = TrainingConfig.read(options.config, overrides)
    kind, runs = configurations(first, seeds=options.seeds or 1, folds=options.folds or 0)
    several, device = bool(options.seeds or options.folds), usable_device(options.device)
    best: dict[int, EpochRecord] = {}
    with joined_processes(device) as (processes, own_device):
        for number, config in runs.items():
            out = _run_folder(options, f"{kind}{number}", several=several)
            trainer = Trainer(
                config, training_data(config, options.data), out, device=own_device, processes=processes
            )
            trainer.run()
            best[number] = trainer.best
            if processes.first:
                print(f"{_in_a_line(trainer.best)} -> {trainer.checkpoint}")
        if several and processes.first:
            out = options.out or Path("runs") / f"{options.config.stem}-{kind}s"
            for figure, value in write_runs(out, kind, best).items():
                print(f"{figure}: {value['mean']:.4f} ± {value['sd']:.4f}")


def _run_folder(options: argparse.Namespace, run: str, *, several: bool) -> Path:
    if options.out is None:
        return Path("runs") / f"{options.config.stem}-{run}"
    return Path(options.out / run if several else options.out)


def _in_a_line(best: EpochRecord) -> str:
    return f"best epoch {best.epoch}: validation loss {best.validation_loss:.4f}, AUROC {best.validation_auroc:.4f}"


def _evaluate(options: argparse.Namespace) -> int:
    from training.scoring.classification import evaluate
    from training.scoring.explanations import evaluate_explanations

    device = usable_device(options.device)
    checkpoints = [load_checkpoint(path, device=device) for path in options.checkpoint]
    choice, request = choice_of(options), request_of(options)
    if options.out is not None:
        return evaluate_explanations(checkpoints, request, choice, options.data, options.split, options.out)
    if (choice, request) != (Choice(), EvaluationRequest()):
        raise ConfigurationError("methods, steps and the choice of images are for explanations: name --out DIR")
    for loaded in checkpoints:
        config = TrainingConfig.of_checkpoint(loaded)
        print(json.dumps(evaluate(loaded, config, options.data, options.split), indent=2))
    return 0


def _ablate(options: argparse.Namespace) -> None:
    from training.experiments.ablation.command import run

    run(options)


def _report(options: argparse.Namespace) -> None:
    from training.experiments.report.command import run

    run(options)


def _ship(options: argparse.Namespace) -> None:
    from training.scoring.card import ship

    ship(options.checkpoint, options.out, options.data, options.made_by)
    print(f"{options.out} and {options.out.with_suffix('.md')}")


def _generate(options: argparse.Namespace) -> None:
    names = ("count", "seed", "positive_share", *options.of_kind)
    options.write(options.out, **{name: getattr(options, name) for name in names})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (_add_train, _add_evaluate, _add_ablate, _add_report, _add_ship, _add_generate):
        add(commands)
    return parser


def _add_train(commands: Commands) -> None:
    train = commands.add_parser("train", help="train from a TOML file; run again to resume")
    train.add_argument("config", type=Path)
    train.add_argument("--data", type=Path, help="folder of the data set")
    train.add_argument("--out", type=Path, help="folder of the run (runs/CONFIG-seedN)")
    train.add_argument("--seed", type=int, help="instead of the file's")
    several = train.add_mutually_exclusive_group()
    several.add_argument(
        "--seeds", type=at_least(1), metavar="N", help="N runs, from --seed on; mean and sd as seeds.json, .csv"
    )
    several.add_argument(
        "--folds", type=at_least(2), metavar="N", help="N runs, each validated on another N-th of the images"
    )
    train.add_argument("--epochs", type=int, help="instead of the file's")
    train.add_argument("--device", default="cpu", help="cpu or cuda")
    train.set_defaults(command=_train)


def _add_evaluate(commands: Commands) -> None:
    evaluate = commands.add_parser(
        "evaluate",
        help="a checkpoint's figures on a split, as JSON; with --out its explanations' instead",
        description="Without --out: AUROC and the like, as JSON. With --out: PID of the explanations, resumable.",
    )
    evaluate.add_argument("checkpoint", type=Path, nargs="+", help="several: of the folds of one training")
    evaluate.add_argument(
        "--data", type=Path, help="folder of the data set; generated data need none without --out"
    )
    evaluate.add_argument("--split", choices=["validation", "test"], default="validation")
    evaluate.add_argument("--out", type=Path, help="folder for the explanations' results, tables and pictures")
    add_choice_arguments(evaluate)
    evaluate.add_argument("--device", default="cpu", help="cpu or cuda")
    add_request_arguments(evaluate)
    evaluate.set_defaults(command=_evaluate)


def _add_ablate(commands: Commands) -> None:
    ablate = commands.add_parser(
        "ablate",
        help="train and score variations of a configuration (Table 3); run again to resume",
        description="Each variation differs from the base in one thing; scored on validation images.",
    )
    ablation_arguments.add_arguments(ablate)
    ablate.set_defaults(command=_ablate)


def _add_report(commands: Commands) -> None:
    report = commands.add_parser(
        "report",
        help="Table 2 beside the paper's figures, and what belongs to it, as Markdown and HTML; resumable",
        description="Several checkpoints are seeds of one configuration: mean and standard deviation over them.",
    )
    report_arguments.add_arguments(report)
    report.set_defaults(command=_report)


def _add_ship(commands: Commands) -> None:
    ship = commands.add_parser("ship", help="write a run's checkpoint with its figures and its model card")
    ship.add_argument("checkpoint", type=Path)
    ship.add_argument("out", type=Path, metavar="OUT.safetensors")
    ship.add_argument("--data", type=Path, help="folder of the data set; generated data need none")
    ship.add_argument("--made-by", action="append", default=[], metavar="COMMAND", help="for the card; repeatable")
    ship.set_defaults(command=_ship)


def _add_generate(commands: Commands) -> None:
    generate = commands.add_parser("generate", help="generate labelled images with masks of what tells the class")
    kinds = generate.add_subparsers(required=True, metavar="KIND")
    fundus = kinds.add_parser("fundus", help="fundus photographs with lesion masks")
    fundus.add_argument("--height", type=at_least(fundus_generator.SMALLEST), default=428, help="px")
    fundus.add_argument("--width", type=at_least(fundus_generator.SMALLEST), default=644, help="px")
    fundus.set_defaults(write=fundus_generator.write_folder, of_kind=("height", "width"))
    magnetogram = kinds.add_parser("magnetogram", help="full-disk magnetograms with masks of the flaring core")
    magnetogram.add_argument("--size", type=int, choices=SIZES, default=SIDE, help="px a side (512)")
    magnetogram.add_argument("--clip", type=at_least(1), default=round(CLIP), help="gauss of white (1500)")
    magnetogram.set_defaults(write=magnetogram_generator.write_folder, of_kind=("size", "clip"))
    for kind in (fundus, magnetogram):
        kind.add_argument("--out", type=Path, required=True)
        kind.add_argument("--count", type=at_least(1), default=100)
        kind.add_argument("--seed", type=at_least(0), default=0)
        kind.add_argument("--positive-share", type=share, default=0.5, help="0..1 (0.5)")
        kind.set_defaults(command=_generate)


if __name__ == "__main__":
    sys.exit(main())

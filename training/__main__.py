"""`python -m training train | evaluate | ship | generate`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import fields
from pathlib import Path

from model.allocator import keep_memory
from model.arguments import at_least, share
from model.checkpoint import load_checkpoint
from model.device import usable_device
from model.errors import ConfigurationError, LabnError
from model.evaluation.arguments import add_request_arguments, request_of
from model.evaluation.command import print_lines
from model.evaluation.folder import EvaluationFolder
from model.evaluation.request import EvaluationRequest
from training.config import TrainingConfig
from training.data.fundus_generator import SMALLEST, write_folder
from training.data.sources import training_data


def main(arguments: list[str] | None = None) -> int:
    """Run one command; errors that have a name are one line on stderr and exit status 2."""
    keep_memory()
    options = _parser().parse_args(arguments)
    try:
        return options.command(options) or 0
    except (LabnError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return 130


def _train(options: argparse.Namespace) -> None:
    from training.loop import Trainer  # matplotlib and torch's optimisers, not needed for --help

    overrides = {key: getattr(options, key) for key in ("seed", "epochs") if getattr(options, key) is not None}
    config = TrainingConfig.read(options.config, overrides)
    out = options.out or Path("runs") / f"{options.config.stem}-seed{config.run.seed}"
    device = usable_device(options.device)
    trainer = Trainer(config, training_data(config, options.data), out, device=device)
    trainer.run()
    best = trainer.state.history[trainer.state.best_epoch - 1]
    print(
        f"best epoch {best.epoch}: validation loss {best.validation_loss:.4f}, "
        f"AUROC {best.validation_auroc:.4f} -> {trainer.checkpoint}"
    )


def _evaluate(options: argparse.Namespace) -> int:
    from training.evaluation import evaluate, held_out_examples
    from training.explanations import Choice, chosen_items

    loaded = load_checkpoint(options.checkpoint, device=usable_device(options.device))
    config = TrainingConfig.of_checkpoint(loaded)
    choice = Choice(**{field.name: getattr(options, field.name) for field in fields(Choice)})
    request = request_of(options)
    if options.out is None:
        if (choice, request) != (Choice(), EvaluationRequest()):
            raise ConfigurationError("methods, steps and the choice of images are for explanations: name --out DIR")
        print(json.dumps(evaluate(loaded, config, options.data, options.split), indent=2))
        return 0
    items = chosen_items(loaded, held_out_examples(config, options.data, options.split), choice)
    return print_lines(EvaluationFolder(loaded, request, options.out), items)


def _ship(options: argparse.Namespace) -> None:
    from training.card import ship

    ship(options.checkpoint, options.out, options.data, options.made_by)
    print(f"{options.out} and {options.out.with_suffix('.md')}")


def _generate(options: argparse.Namespace) -> None:
    write_folder(
        options.out,
        count=options.count,
        seed=options.seed,
        positive_share=options.positive_share,
        height=options.height,
        width=options.width,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train = commands.add_parser("train", help="train from a TOML file; run again to resume")
    train.add_argument("config", type=Path)
    train.add_argument("--data", type=Path, help="folder of the data set")
    train.add_argument("--out", type=Path, help="folder of the run (runs/CONFIG-seedN)")
    train.add_argument("--seed", type=int, help="instead of the file's")
    train.add_argument("--epochs", type=int, help="instead of the file's")
    train.add_argument("--device", default="cpu", help="cpu or cuda")
    train.set_defaults(command=_train)

    evaluate = commands.add_parser(
        "evaluate",
        help="a checkpoint's figures on a split, as JSON; with --out its explanations' instead",
        description="Without --out: AUROC and the like, as JSON. With --out: PID of the explanations, resumable.",
    )
    evaluate.add_argument("checkpoint", type=Path)
    evaluate.add_argument("--data", type=Path, required=True, help="folder of the data set")
    evaluate.add_argument("--split", choices=["validation", "test"], default="validation")
    evaluate.add_argument("--out", type=Path, help="folder for the explanations' results, tables and pictures")
    evaluate.add_argument("--classes", choices=["positive", "all"], default="positive", help="which images")
    evaluate.add_argument("--correct-only", action="store_true", help="only images that are predicted rightly")
    evaluate.add_argument("--masked-only", action="store_true", help="only images with a lesion mask")
    evaluate.add_argument("--sample", type=at_least(1), metavar="N", help="so many of these, drawn by --seed")
    evaluate.add_argument("--device", default="cpu", help="cpu or cuda")
    add_request_arguments(evaluate)
    evaluate.set_defaults(command=_evaluate)

    ship = commands.add_parser("ship", help="write a run's checkpoint with its figures and its model card")
    ship.add_argument("checkpoint", type=Path)
    ship.add_argument("out", type=Path, metavar="OUT.safetensors")
    ship.add_argument("--data", type=Path, required=True, help="folder of the data set")
    ship.add_argument("--made-by", action="append", default=[], metavar="COMMAND", help="for the card; repeatable")
    ship.set_defaults(command=_ship)

    generate = commands.add_parser("generate", help="generate labelled images with lesion masks")
    generate.add_argument("kind", choices=["fundus"])
    generate.add_argument("--out", type=Path, required=True)
    generate.add_argument("--count", type=at_least(1), default=100)
    generate.add_argument("--seed", type=at_least(0), default=0)
    generate.add_argument("--positive-share", type=share, default=0.5, help="0..1 (0.5)")
    generate.add_argument("--height", type=at_least(SMALLEST), default=428, help="px")
    generate.add_argument("--width", type=at_least(SMALLEST), default=644, help="px")
    generate.set_defaults(command=_generate)
    return parser


if __name__ == "__main__":
    sys.exit(main())

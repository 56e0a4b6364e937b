"""`python -m training evaluate`: figures of checkpoints on a split, or with --out those of their explanations."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from model.checkpoint import load_checkpoint
from model.cli.pid_arguments import add_request_arguments, request_of
from model.errors import ConfigurationError
from model.evaluation.request import EvaluationRequest
from model.runtime.device import usable_device
from training.cli.arguments import Commands, add_choice_arguments, choice_of
from training.config import TrainingConfig
from training.scoring.classification import evaluate
from training.scoring.explanations import Choice, evaluate_explanations


def add_command(commands: Commands) -> None:
    """Add the command with its options."""
    parser = commands.add_parser(
        "evaluate",
        help="figures of a checkpoint on a split, as JSON; with --out those of its explanations",
        description="Without --out: AUROC and the like, as JSON. With --out: PID of the explanations, resumable.",
    )
    parser.add_argument("checkpoint", type=Path, nargs="+", help="one, or the folds of one training")
    parser.add_argument(
        "--data", type=Path, help="folder of the data set; not needed for generated data without --out"
    )
    parser.add_argument("--split", choices=["validation", "test"], default="validation")
    parser.add_argument("--out", type=Path, help="folder for results, tables and pictures of the explanations")
    add_choice_arguments(parser)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    add_request_arguments(parser)
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Evaluate; return 1 if an image could not be used."""
    device = usable_device(options.device)
    checkpoints = [load_checkpoint(path, device=device) for path in options.checkpoint]
    choice, request = choice_of(options), request_of(options)
    if options.out is not None:
        return evaluate_explanations(checkpoints, request, choice, options.data, options.split, options.out)
    if (choice, request) != (Choice(), EvaluationRequest()):
        raise ConfigurationError("options of explanations (methods, steps, choice of images) need --out DIR")
    for loaded in checkpoints:
        config = TrainingConfig.of_checkpoint(loaded)
        print(json.dumps(evaluate(loaded, config, options.data, options.split), indent=2))
    return 0

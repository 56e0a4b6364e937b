"""What the command line says of an ablation."""

from __future__ import annotations

import argparse
from pathlib import Path

from model.cli.arguments import at_least, names
from training.cli.arguments import add_choice_arguments, add_requests_arguments
from training.experiments.ablation.variations import KNOBS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("config", type=Path, help="the base")
    parser.add_argument("--data", type=Path, help="folder of the data set; generated data need none")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs and the tables")
    parser.add_argument(
        "--vary", type=names, default=(), metavar="NAMES", help=f"comma-separated, of {', '.join(KNOBS)} (all)"
    )
    parser.add_argument(
        "--seeds", type=at_least(1), default=1, metavar="N", help="runs of each, from the base's on"
    )
    parser.add_argument("--epochs", type=at_least(1), help="instead of the file's")
    parser.add_argument(
        "--pretrained", default="", metavar="CHECKPOINT", help='for "pretraining", where the base starts from none'
    )
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    add_choice_arguments(parser)
    add_requests_arguments(parser)
    parser.set_defaults(methods=("attention",))

"""What the command line says of a report."""

from __future__ import annotations

import argparse
from pathlib import Path

from model.cli.arguments import at_least
from training.cli.arguments import add_choice_arguments, add_requests_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "checkpoints", type=Path, nargs="+", metavar="CHECKPOINT", help="runs of one configuration, by seed or fold"
    )
    parser.add_argument("--data", type=Path, help="folder of the data set; generated data need none")
    parser.add_argument("--out", type=Path, required=True, help="folder of the report and of what it is made from")
    parser.add_argument("--split", choices=["validation", "test"], default="validation")
    parser.add_argument("--ablation", type=Path, metavar="DIR", help="the --out of `ablate`, for Table 3")
    parser.add_argument(
        "--pictures", type=at_least(1), default=4, metavar="N", help="images in the qualitative figure"
    )
    parser.add_argument(
        "--blur",
        type=at_least(0),
        default=4,
        metavar="N",
        help="images whose maps are blurred (section 4.4), about 500 forwards each a patch size; 0: none",
    )
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    add_choice_arguments(parser)
    add_requests_arguments(parser)

"""`python -m training ship`: writes a run's checkpoint with its figures, and its model card."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.cli.arguments import Commands
from training.scoring.card import ship


def add_command(commands: Commands) -> None:
    """Add the command with its options."""
    parser = commands.add_parser("ship", help="write a run's checkpoint with its figures and its model card")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path, metavar="OUT.safetensors")
    parser.add_argument("--data", type=Path, help="folder of the data set; generated data need none")
    parser.add_argument(
        "--made-by", action="append", default=[], metavar="COMMAND", help="for the card; repeatable"
    )
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> None:
    """Write both files."""
    ship(options.checkpoint, options.out, options.data, options.made_by)
    print(f"{options.out} and {options.out.with_suffix('.md')}")

"""`python -m training generate`: writes a folder of generated images with masks and labels."""

from __future__ import annotations

import argparse
from pathlib import Path

from model.cli.arguments import at_least, share
from training.cli.arguments import Commands
from training.generators.fundus import generator as fundus_generator
from training.generators.magnetogram import generator as magnetogram_generator
from training.generators.magnetogram.disk import CLIP, SIDE, SIZES


def add_command(commands: Commands) -> None:
    """Add the command with its options, by kind of image."""
    parser = commands.add_parser("generate", help="generate labelled images with masks of the positive class")
    kinds = parser.add_subparsers(required=True, metavar="KIND")
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
        kind.set_defaults(command=run)


def run(options: argparse.Namespace) -> None:
    """Write the folder."""
    names = ("count", "seed", "positive_share", *options.of_kind)
    options.write(options.out, **{name: getattr(options, name) for name in names})

"""`python -m model pid`: how well explanations tell what a network goes by, for images and their set."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import get_args

from tqdm import tqdm

from model.arguments import at_least, names, step, whole_numbers
from model.checkpoint import load_checkpoint
from model.device import usable_device
from model.evaluation_folder import EvaluationFolder
from model.evaluation_request import EvaluationRequest
from model.gallery import image_paths
from model.metrics.blanks import Blank
from model.metrics.pid import Protocol

DEFAULT = EvaluationRequest()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="files, folders, globs")
    parser.add_argument("--methods", type=names, default=DEFAULT.methods, help="comma-separated")
    parser.add_argument(
        "--patch-sizes", type=whole_numbers, default=DEFAULT.patch_sizes, help="m in px, comma-separated"
    )
    parser.add_argument("--protocol", default=DEFAULT.protocol, choices=get_args(Protocol))
    parser.add_argument("--step", type=step, default=DEFAULT.step, help="auto, or every N-th count of patches")
    parser.add_argument("--blank", default=DEFAULT.blank, choices=get_args(Blank), help="what stands for no patch")
    parser.add_argument("--target", help="label, or index (default: the predicted class of each image)")
    parser.add_argument("--rise-masks", type=at_least(1), default=DEFAULT.rise_masks)
    parser.add_argument("--random-orders", type=at_least(0), default=0, help="behind a random band (0: none)")
    parser.add_argument("--seed", type=at_least(0), default=DEFAULT.seed)
    parser.add_argument("--out", type=Path, required=True, help="folder for results, tables and pictures")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")


def run(options: argparse.Namespace) -> int:
    """Evaluate each image, then the set.

    Returns:
        0; 1 where some image could not be used.
    """
    paths = image_paths(options.images)
    loaded = load_checkpoint(options.checkpoint, device=usable_device(options.device))
    request = EvaluationRequest(**{name: getattr(options, name) for name in DEFAULT.to_dict()})
    options.out.mkdir(parents=True, exist_ok=True)
    evaluations = EvaluationFolder(loaded, request, options.out)
    failed = 0
    for line in evaluations.lines(paths):
        failed += "error" in line
        tqdm.write(json.dumps(line, ensure_ascii=False))  # beside the bar
        sys.stdout.flush()
    return int(failed > 0)

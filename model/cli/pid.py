"""`python -m model pid`: PID scores of explanations, per image and for the set."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from model.checkpoint import load_checkpoint
from model.cli.gallery import image_paths
from model.cli.pid_arguments import add_request_arguments, request_of
from model.evaluation.folder import EvaluationFolder, Item
from model.runtime.device import usable_device


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="files, folders, globs")
    add_request_arguments(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for results, tables and pictures")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")


def run(options: argparse.Namespace) -> int:
    """Evaluate each image, then the set.

    Returns:
        0; 1 where some image could not be used.
    """
    paths = image_paths(options.images)
    loaded = load_checkpoint(options.checkpoint, device=usable_device(options.device))
    evaluations = EvaluationFolder(loaded, request_of(options), options.out)
    try:
        return print_lines(evaluations, [Item(path) for path in paths])
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        raise


def print_lines(evaluations: EvaluationFolder, items: Sequence[Item]) -> int:
    """Evaluate a set and print one JSON line per image; a closed pipe does not stop the work.

    Returns:
        0; 1 where some image could not be used.
    """
    failed = 0
    for line in evaluations.lines(items):
        failed += "error" in line
        _print(line)
    return int(failed > 0)


def _print(line: Mapping[str, Any]) -> None:
    try:
        tqdm.write(json.dumps(line, ensure_ascii=False))  # beside the bar
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough, as `| head` does; the files are what counts
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

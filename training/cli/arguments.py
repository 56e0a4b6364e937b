"""What the command lines of several commands say alike: which images, which protocols."""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import get_args

from model.cli.arguments import at_least
from model.cli.pid_arguments import BOTH, add_request_arguments, request_of
from model.evaluation.request import EvaluationRequest
from model.metrics.pid import Protocol
from training.experiments.published_results import published_scores
from training.scoring.explanations import Choice


def add_choice_arguments(parser: argparse.ArgumentParser) -> None:
    """Add an option for each field of a choice of images but its seed, which a request has too."""
    parser.add_argument("--classes", choices=["positive", "all"], default="positive", help="which images")
    parser.add_argument("--correct-only", action="store_true", help="only images that are predicted rightly")
    parser.add_argument("--masked-only", action="store_true", help="only images with a lesion mask")
    parser.add_argument("--sample", type=at_least(1), metavar="N", help="so many of these, drawn by --seed")


def choice_of(options: argparse.Namespace) -> Choice:
    """Return which images were asked for."""
    return Choice(**{field.name: getattr(options, field.name) for field in fields(Choice)})


def add_requests_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a request under both protocols; patch sizes are the paper's unless others are named."""
    add_request_arguments(parser, both_protocols=True)
    parser.set_defaults(patch_sizes=None)


def requests_of(options: argparse.Namespace, kind: str) -> list[EvaluationRequest]:
    """Return the requests that were typed, one a protocol.

    Args:
        options: of a parser that `add_requests_arguments` has seen.
        kind: of the data, which decides the patch sizes where none were named.

    Raises:
        ConfigurationError: a value out of range.
        UnknownMethod: no explanation of that name.
    """
    published = published_scores(kind)
    sizes = options.patch_sizes or (published.sizes if published else EvaluationRequest().patch_sizes)
    protocols = get_args(Protocol) if options.protocol == BOTH else (options.protocol,)
    typed = {**vars(options), "patch_sizes": sizes}
    return [request_of(argparse.Namespace(**{**typed, "protocol": protocol})) for protocol in protocols]

"""Options shared by several commands: choice of images, explanations and protocols."""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import TypeAlias, get_args

from model.cli.arguments import at_least
from model.cli.pid_arguments import BOTH, add_request_arguments, request_of
from model.evaluation.request import EvaluationRequest
from model.metrics.pid import Protocol
from training.experiments.published_results import published_scores
from training.scoring.explanations import Choice

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_choice_arguments(parser: argparse.ArgumentParser) -> None:
    """Add an option for each field of `Choice` except `seed`, which the options of a request include."""
    parser.add_argument("--classes", choices=["positive", "all"], default="positive", help="which images")
    parser.add_argument("--correct-only", action="store_true", help="only images that are classified correctly")
    parser.add_argument("--masked-only", action="store_true", help="only images with a lesion mask")
    parser.add_argument("--sample", type=at_least(1), metavar="N", help="at most N of these, drawn by --seed")


def choice_of(options: argparse.Namespace) -> Choice:
    """Return the choice of images."""
    return Choice(**{field.name: getattr(options, field.name) for field in fields(Choice)})


def add_requests_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a request for both protocols; the default patch sizes are the paper's."""
    add_request_arguments(parser, both_protocols=True)
    parser.set_defaults(patch_sizes=None)


def requests_of(options: argparse.Namespace, kind: str) -> list[EvaluationRequest]:
    """Return one request per protocol.

    Args:
        options: parsed, from `add_requests_arguments`.
        kind: of the data; decides the default patch sizes.

    Raises:
        ConfigurationError: a value out of range.
        UnknownMethod: no explanation method has that name.
    """
    published = published_scores(kind)
    sizes = options.patch_sizes or (published.sizes if published else EvaluationRequest().patch_sizes)
    protocols = get_args(Protocol) if options.protocol == BOTH else (options.protocol,)
    typed = {**vars(options), "patch_sizes": sizes}
    return [request_of(argparse.Namespace(**{**typed, "protocol": protocol})) for protocol in protocols]

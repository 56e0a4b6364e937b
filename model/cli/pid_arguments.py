"""Command-line options of an evaluation request, shared by commands."""

from __future__ import annotations

import argparse
from typing import get_args

from model.cli.arguments import at_least, names, whole_numbers
from model.evaluation.request import EvaluationRequest
from model.metrics.blanks import Blank
from model.metrics.pid import NamedStep, Protocol, Step

DEFAULT = EvaluationRequest()
BOTH = "both"  # protocols, one after the other


def add_request_arguments(parser: argparse.ArgumentParser, *, both_protocols: bool = False) -> None:
    """Add an option for each field of a request; those not given keep its defaults.

    Args:
        parser: of a command.
        both_protocols: whether the command can run both protocols, which is then the default.
    """
    protocols = (BOTH, *get_args(Protocol)) if both_protocols else get_args(Protocol)
    parser.add_argument("--methods", type=names, default=DEFAULT.methods, help="comma-separated")
    parser.add_argument(
        "--patch-sizes", type=whole_numbers, default=DEFAULT.patch_sizes, help="m in px, comma-separated"
    )
    parser.add_argument("--protocol", default=BOTH if both_protocols else DEFAULT.protocol, choices=protocols)
    parser.add_argument("--step", type=_step, default=DEFAULT.step, help="auto, recommended, or every N-th count")
    parser.add_argument(
        "--blank", default=DEFAULT.blank, choices=get_args(Blank), help="replacement for removed patches"
    )
    parser.add_argument("--target", help="label, or index")
    parser.add_argument("--rise-masks", type=at_least(1), default=DEFAULT.rise_masks)
    parser.add_argument(
        "--random-orders",
        type=at_least(0),
        default=0,
        help="number of random orders for the chance band (0: no band)",
    )
    parser.add_argument("--seed", type=at_least(0), default=DEFAULT.seed)


def request_of(options: argparse.Namespace) -> EvaluationRequest:
    """Return the request that was typed.

    Raises:
        ConfigurationError: a value out of range.
        UnknownMethod: no explanation of that name.
    """
    return EvaluationRequest(**{name: getattr(options, name) for name in DEFAULT.to_dict()})


def _step(text: str) -> Step:
    """Read a whole number that is not below 1, or the name of a rule.

    Raises:
        ArgumentTypeError: it is below 1.
        ValueError: neither.
    """
    for name in get_args(NamedStep):
        if text == name:
            return name  # type: ignore[no-any-return]  # of get_args
    return at_least(1)(text)

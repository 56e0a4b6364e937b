"""Argument types for argparse."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def share(text: str) -> float:
    """Read a number in 0..1.

    Raises:
        ArgumentTypeError: it lies elsewhere.
        ValueError: no number.
    """
    if not 0 <= float(text) <= 1:
        raise argparse.ArgumentTypeError(f"must lie in 0..1, is {text}")
    return float(text)


def at_least(minimum: int) -> Callable[[str], int]:
    """Return an argument type for whole numbers of at least `minimum`."""

    def whole_number(text: str) -> int:
        if int(text) < minimum:
            raise argparse.ArgumentTypeError(f"must be at least {minimum}, is {text}")
        return int(text)

    return whole_number


def names(text: str) -> tuple[str, ...]:
    """Read comma-separated names."""
    return tuple(part.strip() for part in text.split(","))


def whole_numbers(text: str) -> tuple[int, ...]:
    """Read comma-separated whole numbers.

    Raises:
        ValueError: something else is there.
    """
    return tuple(int(part) for part in text.split(","))

"""What was measured: one number with its unit, its target and how it came about."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table and of the results file."""

    name: str
    value: float
    unit: str
    target: str | None = None  # "<= 0.64"; None: only to be known
    holds: bool | None = None  # None: there is no target
    how: str  # what was run, and what the number is of it


def measured(name: str, value: float, unit: str, *, how: str) -> Figure:
    """Return a figure that has no target."""
    return Figure(name=name, value=value, unit=unit, how=how)


def bounded(name: str, value: float, unit: str, *, at_most: float, how: str) -> Figure:
    """Return a figure with an upper bound."""
    return Figure(name=name, value=value, unit=unit, target=f"<= {at_most:g}", holds=value <= at_most, how=how)


def at_least(name: str, value: float, unit: str, *, bound: float, how: str) -> Figure:
    """Return a figure with a lower bound."""
    return Figure(name=name, value=value, unit=unit, target=f">= {bound:g}", holds=value >= bound, how=how)


def equal(name: str, value: float, unit: str, *, to: float, how: str) -> Figure:
    """Return a figure that must be exactly so."""
    return Figure(name=name, value=value, unit=unit, target=f"= {to:,}", holds=value == to, how=how)


def write_results(figures: Sequence[Figure], path: Path) -> None:
    """Write a JSON list of the figures."""
    path.write_text(json.dumps([asdict(figure) for figure in figures], indent=1, ensure_ascii=False) + "\n")

"""Rows as CSV and Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the rows as CSV with these columns; None is an empty cell."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (header, ["---"] * len(header), *rows))


def with_interval(row: Mapping[str, Any], name: str) -> str:
    """Return a figure with its interval, to three digits; a dash if it is None."""
    if row["low"] is None:
        return f"{row[name]:.3f} [–]"
    return f"{row[name]:.3f} [{row['low']:.3f}, {row['high']:.3f}]"

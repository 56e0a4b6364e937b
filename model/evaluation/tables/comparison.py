"""Paired differences between methods over the same images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from model.evaluation.tables.rows import csv_text, markdown_table, with_interval
from model.evaluation.tables.scores import LEVEL, Document, Rows, ends_of, scores_of
from model.metrics.statistics import holm, paired_difference

COLUMNS = ("first", "second", "patch_size", "images", "difference", "low", "high", "p_value", "p_holm")


def difference_rows(documents: Sequence[Document]) -> Rows:
    """Return one row per pair of methods and patch size, with the keys COLUMNS.

    `difference` is the mean of first - second, `low` and `high` its 95 % bootstrap interval, None of one image,
    `p_value` that of the sign-flip test, and `p_holm` the same adjusted for the pair's several patch sizes.
    """
    scores = {key: [score["pid"] for score in found] for key, found in scores_of(documents).items()}
    sizes = list(dict.fromkeys(patch_size for _, patch_size in scores))
    rows: Rows = []
    for first, second in combinations(dict.fromkeys(method for method, _ in scores), 2):
        pairs = {m: (scores[first, m], scores[second, m]) for m in sizes}
        rows += paired_rows({"first": first, "second": second}, pairs)
    return rows


def paired_rows(named: Mapping[str, Any], pairs: Mapping[int, tuple[Sequence[float], Sequence[float]]]) -> Rows:
    """Return one row per patch size: `named` and the difference of its paired scores, Holm over the sizes."""
    found = [paired_difference(first, second, level=LEVEL) for first, second in pairs.values()]
    adjusted = holm([each.p_value for each in found])
    return [
        {**named, "patch_size": patch_size, "images": len(first), "difference": mean.value}
        | {**ends_of(mean, len(first)), "p_value": p_value, "p_holm": p_holm}
        for (patch_size, (first, _)), (mean, p_value), p_holm in zip(pairs.items(), found, adjusted, strict=True)
    ]


def differences_csv(rows: Rows) -> str:
    """Return the rows as CSV."""
    return csv_text(COLUMNS, rows)


def differences_markdown(rows: Rows) -> str:
    """Return a table: one row per pair, one column per patch size; empty for a single method."""
    if not rows:
        return ""
    sizes = list(dict.fromkeys(row["patch_size"] for row in rows))
    cells = {
        (
            row["first"],
            row["second"],
            row["patch_size"],
        ): f"{with_interval(row, 'difference')}, {p_value_text(row['p_holm'])}"
        for row in rows
    }
    pairs = dict.fromkeys((row["first"], row["second"]) for row in rows)
    table = markdown_table(
        ["difference", *(f"m={m}" for m in sizes)],
        [[f"{first} − {second}", *(cells[first, second, m] for m in sizes)] for first, second in pairs],
    )
    return (
        "Paired differences, their 95 % bootstrap intervals and sign-flip p-values (Holm over m, a pair "
        f"by itself).\n\n{table}"
    )


def p_value_text(p: float) -> str:
    """Return a p-value to three digits."""
    return f"p={p:.3f}" if p >= 0.001 else "p<0.001"

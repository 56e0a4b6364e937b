"""Paired differences between methods over the same images."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

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
        pairs = [paired_difference(scores[first, m], scores[second, m], level=LEVEL) for m in sizes]
        adjusted = holm([pair.p_value for pair in pairs])
        for patch_size, (mean, p_value), p_holm in zip(sizes, pairs, adjusted, strict=True):
            rows.append(
                {"first": first, "second": second, "patch_size": patch_size, "images": len(documents)}
                | {"difference": mean.value, **ends_of(mean, len(documents))}
                | {"p_value": p_value, "p_holm": p_holm}
            )
    return rows


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

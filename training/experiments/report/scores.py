"""Explanation scores in the layout of the paper's Table 2, ours above the paper's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from model.evaluation.tables.comparison import difference_rows
from model.evaluation.tables.localisation import CHANCE, FIGURES, localisation_rows
from model.evaluation.tables.scores import FEW, Document, Rows
from training.experiments.page.blocks import Block, Cell, Line, Section, Table, Text, cells
from training.experiments.page.words import (
    TITLES,
    difference_cell,
    in_order,
    interval_text,
    score_cell,
    spread_text,
)
from training.experiments.published_results import PublishedScores
from training.scoring.over_runs import merged, rows_over_runs

RANK = (
    "attention",
    "rise",
    "lambda_attention",
)  # ranking claimed by the paper; differences are higher minus lower rank


def scores_document(runs: Sequence[Sequence[Document]]) -> dict[str, Any]:
    """Return all figures of one protocol, as JSON types.

    Args:
        runs: documents of each run.

    Returns:
        `rows` from `rows_over_runs`, `differences` from `difference_rows` with each pair in the order of RANK,
        `localisation`, the means `p_full` and `p_blank`, and the PID of a `constant` map (equal for all patch
        sizes).
    """
    images = merged(runs)
    rows = rows_over_runs(runs)
    full, blank = (float(np.mean([image[name] for image in images])) for name in ("p_full", "p_blank"))
    return {
        "images": len(images),
        "p_full": full,
        "p_blank": blank,
        "rows": rows,
        "differences": [_downwards(row) for row in difference_rows(images)],
        "localisation": localisation_rows(images),
        "constant": constant_score(rows[0]["protocol"], full, blank),
    }


def constant_score(protocol: str, full: float, blank: float) -> float:
    """Return the PID of a constant map.

    Protocol "paper" averages ties over both directions, so that insertion and deletion mirror each other: 0.
    Protocol "published" changes all tied patches at once: insertion is constantly p(image), deletion p(blank).
    """
    return full - blank if protocol == "published" else 0.0


def scores_section(
    protocols: Mapping[str, Mapping[str, Any]], published: PublishedScores | None, blocks: Sequence[Block]
) -> Section:
    """Return the tables of all protocols, after the given blocks."""
    tables: list[Block] = []
    for protocol, document in protocols.items():
        tables += [_table(protocol, document, published), *_difference_table(protocol, document)]
    words = [Text(_lead(next(iter(protocols.values())), published))]
    return Section("Explanations (Table 2)", [*words, *blocks, *tables])


def localisation_section(document: Mapping[str, Any]) -> Section | None:
    """Return the localisation figures of the maps; None without masks."""
    rows = document["localisation"]
    if not rows:
        return None
    lines = [
        Line(
            [
                Cell(TITLES[method]),
                *(_figure_cell(row) for row in rows if row["method"] == method),
            ]
        )
        for method in in_order(row["method"] for row in rows)
    ]
    chance = {row["figure"]: row["chance"] for row in rows}
    lines.append(Line(cells("chance", *(f"{chance[name]:.3f}" for name in FIGURES)), quoted=True))
    caption = f"Means over the {rows[0]['images']} images with a mask, and 95 % bootstrap intervals"
    return Section("Localisation of lesions", [Table(caption, ["map", *map(_spaced, CHANCE)], lines)])


def _figure_cell(row: Mapping[str, Any]) -> Cell:
    return Cell(f"{row['value']:.3f}", interval_text(row))


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _lead(document: Mapping[str, Any], published: PublishedScores | None) -> str:
    row = document["rows"][0]
    runs = row["runs"]
    lead = [
        'PID by patch size m: area under insertion minus area under deletion; under protocol "paper" chance gives '
        f"0. {document['images']} images; mean p(target) of the images {document['p_full']:.3f}, of their blanks "
        f"{document['p_blank']:.3f}.",
        f"Mean ± standard deviation over {runs} runs, below it" if runs > 1 else "Mean of one run, below it",
        "the 95 % bootstrap interval over images. Figures with 5 % or more tied patches are struck out († in "
        "Markdown) and do not count.",
    ]
    if document["images"] < FEW:
        lead.append(f"Intervals of fewer than {FEW} images are too narrow.")
    if published:
        lead.append(f"In italics the paper's own, on {published.data}: {published.source}. {published.remark}")
    return " ".join(lead).strip()


def _table(protocol: str, document: Mapping[str, Any], published: PublishedScores | None) -> Table:
    rows = document["rows"]
    sizes = list(dict.fromkeys(row["patch_size"] for row in rows))
    lines: list[Line] = []
    for method in in_order(row["method"] for row in rows):
        own = [row for row in rows if row["method"] == method]
        lines.append(Line([Cell(TITLES[method]), *map(score_cell, own), Cell(_most_tied(own))]))
        if published and method in published.means:
            lines.append(_published_line(published, method, sizes))
    constant = f"{document['constant']:.3f}"
    lines.append(Line(cells("a constant map", *[constant] * len(sizes), "1.000")))
    caption = f'PID, protocol "{protocol}", step {rows[0]["step"]}, blank {rows[0]["blank"]}'
    return Table(caption, ["map", *(f"m = {m}" for m in sizes), "most tied"], lines)


def _most_tied(rows: Rows) -> str:
    return f"{max(row['tied_fraction'] for row in rows):.3f}"


def _published_line(published: PublishedScores, method: str, sizes: Sequence[int]) -> Line:
    found = [(published.mean(method, m), published.sd(method, m)) for m in sizes]
    texts = ["–" if mean is None else spread_text(mean, sd) for mean, sd in found]
    return Line(cells("paper", *texts, ""), quoted=True)


def _downwards(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a difference with the method first that the paper ranks higher."""
    places = [RANK.index(row[name]) if row[name] in RANK else len(RANK) for name in ("first", "second")]
    if places[0] <= places[1]:
        return dict(row)
    ends = {"low": None, "high": None} if row["low"] is None else {"low": -row["high"], "high": -row["low"]}
    return {**row, "first": row["second"], "second": row["first"], "difference": -row["difference"], **ends}


def _difference_table(protocol: str, document: Mapping[str, Any]) -> list[Table]:
    """Return LABN's differences from the others, or all if LABN is not among them."""
    rows = document["differences"]
    rows = [row for row in rows if row["first"] == RANK[0]] or rows
    if not rows:
        return []
    sizes = list(dict.fromkeys(row["patch_size"] for row in rows))
    pairs = dict.fromkeys((row["first"], row["second"]) for row in rows)
    lines = [
        Line(
            [
                Cell(f"{TITLES[first]} − {TITLES[second]}"),
                *(difference_cell(row) for row in rows if _pair(row) == (first, second)),
            ]
        )
        for first, second in pairs
    ]
    caption = (
        f'Differences on the same images, protocol "{protocol}", with 95 % bootstrap intervals and sign-flip '
        "p-values (Holm over m, a pair by itself)"
    )
    return [Table(caption, ["difference", *(f"m = {m}" for m in sizes)], lines)]


def _pair(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["first"], row["second"]

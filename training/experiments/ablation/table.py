"""Tables of an ablation: rows for JSON and CSV, and the layout of the paper's Table 3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from model.evaluation.tables.comparison import paired_rows
from model.evaluation.tables.scores import Document, Rows, scores_of
from training.experiments.ablation.run import RunResult
from training.experiments.ablation.variations import Variation
from training.experiments.page.blocks import Block, Cell, Line, Section, Table, Text, cells
from training.experiments.page.words import TITLES, difference_cell, score_cell, spread_text
from training.experiments.published_results import ABLATION
from training.scoring.over_runs import common, merged, rows_over_runs, spread

COLUMNS = (
    "variation", "says", "protocol", "step", "blank", "method", "patch_size", "runs", "images", "pid", "sd", "low",
    "high", "tied_fraction", "counts", "auroc", "auroc_sd",
)  # fmt: skip


def ablation_rows(variations: Sequence[Variation], results: Sequence[RunResult]) -> Rows:
    """Return one row per finished variation, protocol, method and patch size, with the keys COLUMNS."""
    rows: Rows = []
    for variation in variations:
        own = [result for result in results if result.variation == variation.name]
        if not own:
            continue
        auroc, sd = spread([result.figures["auroc"]["value"] for result in own])
        named = {"variation": variation.name, "says": variation.says, "published": variation.published}
        for protocol in own[0].explained:
            found = rows_over_runs([result.explained[protocol] for result in own])
            rows += [{**named, **row, "auroc": auroc, "auroc_sd": sd} for row in found]
    return rows


def against_base(results: Sequence[RunResult]) -> Rows:
    """Return how much each variation scores over the base on the same images, of the seeds that both have run.

    The keys are variation, protocol, method, patch_size, images, difference, low, high, p_value and p_holm, which
    is adjusted for the patch sizes.
    """
    of_base = {result.seed: result for result in results if result.variation == "base"}
    rows: Rows = []
    for name in dict.fromkeys(result.variation for result in results if result.variation != "base"):
        pairs = [(result, of_base[result.seed]) for result in results if result.variation == name]
        for protocol in pairs[0][0].explained:
            merged_pairs = [
                merged([each.explained[protocol] for each in side]) for side in zip(*pairs, strict=True)
            ]
            named = {"variation": name, "protocol": protocol}
            rows += [{**named, **row} for row in _differences(common(*merged_pairs))]
    return rows


def _differences(pairs: Sequence[tuple[Document, Document]]) -> Rows:
    if not pairs:
        return []
    one, other = (scores_of(documents) for documents in zip(*pairs, strict=True))
    rows: Rows = []
    for method in dict.fromkeys(method for method, _ in one):
        keys = [key for key in one if key[0] == method]
        first, second = ([[score["pid"] for score in side[key]] for key in keys] for side in (one, other))
        by_size = {m: (a, b) for (_, m), a, b in zip(keys, first, second, strict=True)}
        rows += paired_rows({"method": method}, by_size)
    return rows


def ablation_section(document: Mapping[str, Any]) -> Section:
    """Return ablation.json as a section with one table per protocol and method."""
    rows, differences = document["rows"], document["differences"]
    groups = dict.fromkeys((row["protocol"], row["method"]) for row in rows)
    blocks: list[Block] = [Text(_lead(document))]
    for protocol, method in groups:
        blocks.append(_table([r for r in rows if (r["protocol"], r["method"]) == (protocol, method)], document))
        own = [row for row in differences if (row["protocol"], row["method"]) == (protocol, method)]
        if own:
            blocks.append(_difference_table(own, {row["variation"]: row["says"] for row in rows}))
    return Section("Ablation (Table 3)", blocks)


def _lead(document: Mapping[str, Any]) -> str:
    seeds = document["seeds"]
    lead = (
        f"Validation images of {document['data']}; each variation differs from the base in one respect. Mean ± "
        f"standard deviation over {len(seeds)} seed(s) ({', '.join(map(str, seeds))}) and the 95 % bootstrap "
        "interval over images. Figures with 5 % or more tied patches are marked and do not count."
    )
    return (
        f"{lead} Below a row the paper's figures on {ABLATION.data}, {ABLATION.source}."
        if document["beside"]
        else lead
    )


def _table(rows: Rows, document: Mapping[str, Any]) -> Table:
    sizes = list(dict.fromkeys(row["patch_size"] for row in rows))
    lines = []
    for name in dict.fromkeys(row["variation"] for row in rows):
        own = [row for row in rows if row["variation"] == name]
        lines.append(_line(own))
        if document["beside"] and own[0]["published"]:
            lines.append(_published_line(own[0]["published"], sizes))
    caption = (
        f'PID of {TITLES.get(rows[0]["method"], rows[0]["method"])}, protocol "{rows[0]["protocol"]}", '
        f"step {rows[0]['step']}, blank {rows[0]['blank']}"
    )
    return Table(caption, ["variation", *(f"m = {m}" for m in sizes), "AUROC", "runs", "most tied"], lines)


def _line(own: Rows) -> Line:
    tied = max(row["tied_fraction"] for row in own)
    auroc = Cell(spread_text(own[0]["auroc"], own[0]["auroc_sd"]))
    return Line([Cell(own[0]["says"]), *map(score_cell, own), auroc, *cells(str(own[0]["runs"]), f"{tied:.3f}")])


def _published_line(row: str, sizes: Sequence[int]) -> Line:
    found = [ABLATION.mean(row, m) for m in sizes]
    texts = ["–" if mean is None else f"{mean:.3f}" for mean in found]
    return Line(cells(f"paper: {row}", *texts, "", "", ""), quoted=True)


def _difference_table(rows: Rows, says: Mapping[str, str]) -> Table:
    sizes = list(dict.fromkeys(row["patch_size"] for row in rows))
    lines = [
        Line([Cell(says[name]), *(difference_cell(row) for row in rows if row["variation"] == name)])
        for name in dict.fromkeys(row["variation"] for row in rows)
    ]
    caption = "Variation minus base on the same images: 95 % bootstrap interval and sign-flip p (Holm over m)"
    return Table(caption, ["variation", *(f"m = {m}" for m in sizes)], lines)

"""Scores of a set of images in the layout of the paper's Table 2, and the curves of one image.

Documents are those of `Evaluation.to_dict`, all of one request; the target may be each image's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from model.evaluation.tables.rows import csv_text, markdown_table, with_interval
from model.metrics.classification import Interval
from model.metrics.statistics import mean_interval

Document = Mapping[str, Any]
Rows = list[dict[str, Any]]
SETTING = ("protocol", "step", "blank")
CURVE_COLUMNS = ("method", "patch_size", *SETTING, "n", "share", "insertion", "deletion")
TABLE_COLUMNS = (
    "method", "patch_size", *SETTING, "images", "pid", "low", "high", "insertion", "deletion", "error_estimate",
    "tied_fraction", "band_low", "band_high",
)  # fmt: skip
CURVES = ("n", "insertion_curve", "deletion_curve")
LEVEL = 0.95  # of the intervals
FEW = 20  # images: the bootstrap of fewer covers under 92 %


def curves_csv(document: Document) -> str:
    """Return all points of an image's curves, one per line; `share` is n / N."""
    return csv_text(CURVE_COLUMNS, _points(document))


def without_curves(document: Document) -> dict[str, Any]:
    """Return a document without its curves, which the tables do not need and which make up most of it."""
    methods = {
        name: method
        | {"scores": [{k: v for k, v in score.items() if k not in CURVES} for score in method["scores"]]}
        for name, method in document["methods"].items()
    }
    return {**document, "methods": methods}


def scores_of(documents: Sequence[Document]) -> dict[tuple[str, int], list[Document]]:
    """Return the scores by method and patch size, each list in the order of the documents."""
    scores: dict[tuple[str, int], list[Document]] = {}
    for document in documents:
        for method, score in _scores(document):
            scores.setdefault((method, score["patch_size"]), []).append(score)
    return scores


def table_rows(documents: Sequence[Document]) -> Rows:
    """Return one row per method and patch size, with the keys TABLE_COLUMNS.

    `pid` is the mean over the images, `low` and `high` its 95 % bootstrap interval, None of one image. What
    follows are means too; the random band, None where it was not measured, is that of one image.
    """
    rows = []
    for (method, patch_size), scores in scores_of(documents).items():
        mean = mean_interval([score["pid"] for score in scores], level=LEVEL)
        bands = [score["random_band"] for score in scores if score["random_band"]]
        band_low, band_high = np.mean(bands, axis=0).tolist() if bands else (None, None)
        rows.append(
            {"method": method, "patch_size": patch_size}
            | {name: scores[0][name] for name in SETTING}
            | {"images": len(scores), "pid": mean.value, **ends_of(mean, len(scores))}
            | {name: _mean(scores, name) for name in ("insertion", "deletion", "error_estimate", "tied_fraction")}
            | {"band_low": band_low, "band_high": band_high}
        )
    return rows


def ends_of(interval: Interval, images: int) -> dict[str, float | None]:
    """Return `low` and `high`; both None for one image, whose bootstrap says nothing about other images."""
    return {"low": interval.low, "high": interval.high} if images > 1 else {"low": None, "high": None}


def table_csv(documents: Sequence[Document]) -> str:
    """Return the rows as CSV."""
    return csv_text(TABLE_COLUMNS, table_rows(documents))


def table_markdown(documents: Sequence[Document]) -> str:
    """Return the table in the layout of the paper's Table 2: one row per method, one column per patch size."""
    rows = table_rows(documents)
    sizes = list(dict.fromkeys(row["patch_size"] for row in rows))
    cells = {(row["method"], row["patch_size"]): with_interval(row, "pid") for row in rows}
    methods = dict.fromkeys(row["method"] for row in rows)
    table = markdown_table(
        ["PID", *(f"m={m}" for m in sizes)], [[name, *(cells[name, m] for m in sizes)] for name in methods]
    )
    return f"{_caption(documents)}\n\n{table}\n{_doubts(documents, rows)}\n"


def _scores(document: Document) -> Iterator[tuple[str, Document]]:
    for name, method in document["methods"].items():
        for score in method["scores"]:
            yield name, score


def _mean(scores: Sequence[Document], name: str) -> float | None:
    """Return the mean of a figure; None where it was not measured."""
    return None if scores[0][name] is None else float(np.mean([score[name] for score in scores]))


def _points(document: Document) -> Iterator[dict[str, Any]]:
    for method, score in _scores(document):
        setting = {"method": method, **{name: score[name] for name in CURVE_COLUMNS[1:5]}}
        for n, insertion, deletion in zip(*(score[name] for name in CURVES), strict=True):
            yield setting | {"n": n, "share": n / score["n"][-1], "insertion": insertion, "deletion": deletion}


def _caption(documents: Sequence[Document]) -> str:
    request = documents[0]["provenance"]["request"]
    targets = {document["provenance"]["request"]["target"] for document in documents}
    checkpoints = dict.fromkeys(document["provenance"]["checkpoint"] for document in documents)
    target = "each image's own" if len(targets) > 1 else request["target"] or "as predicted"
    return (
        f'PID, protocol "{request["protocol"]}", step {request["step"]}, blank {request["blank"]}, '
        f"target {target}, checkpoint {', '.join(checkpoints)}: "
        f"mean over images (n = {len(documents)}) and its 95 % bootstrap interval."
    )


def _doubts(documents: Sequence[Document], rows: Rows) -> str:
    """Return notes on what limits the reliability of the scores."""
    full, blank = (np.mean([document[name] for document in documents]) for name in ("p_full", "p_blank"))
    tied = max(rows, key=lambda row: float(row["tied_fraction"]))
    doubts = [
        f"Mean p(target) of the images {full:.3f}, of their blanks {blank:.3f}.",
        f"Tied patches at most {tied['tied_fraction']:.1%} ({tied['method']}, m = {tied['patch_size']}).",
    ]
    if rows[0]["error_estimate"] is not None:
        error = max(row["error_estimate"] for row in rows)
        doubts.append(f"Mean error for the counts left out at most {error:.3f} an image.")
    if len(documents) == 1:
        doubts.append("One image has no interval.")
    elif len(documents) < FEW:
        doubts.append(f"Bootstrap intervals of fewer than {FEW} images are too narrow.")
    return " ".join(doubts)

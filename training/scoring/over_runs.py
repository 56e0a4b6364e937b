"""Explanation scores of several runs: mean ± sd over runs as in the paper, intervals over images."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from model.evaluation.tables.scores import Document, Rows, scores_of, table_rows

COUNTING = 0.05  # tied share of the patches from which a score does not count
AVERAGED = ("pid", "insertion", "deletion", "error_estimate", "tied_fraction")


class Spread(NamedTuple):
    """Mean and standard deviation over runs."""

    mean: float
    sd: float | None  # of a sample; None of one run


def spread(values: Sequence[float]) -> Spread:
    """Return mean and standard deviation."""
    return Spread(statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None)


def rows_over_runs(runs: Sequence[Sequence[Document]]) -> Rows:
    """Return one row a method and patch size of runs of one request, each a list of documents.

    `pid` and `sd` are over the runs' means, which are `of_runs`. `low` and `high` are the bootstrap interval over
    images; an image's score, `of_images`, is its mean over the runs that have it. `counts` tells whether few enough
    patches were tied.
    """
    each = [{(row["method"], row["patch_size"]): row for row in table_rows(run)} for run in runs]
    images = merged(runs)
    each_image = scores_of(images)
    rows: Rows = []
    for row in table_rows(images):
        of_runs = [found[row["method"], row["patch_size"]] for found in each]
        mean, sd = spread([found["pid"] for found in of_runs])
        tied = max(found["tied_fraction"] for found in of_runs)
        rows.append(
            row
            | {"runs": len(runs), "pid": mean, "sd": sd, "of_runs": [found["pid"] for found in of_runs]}
            | {"of_images": [score["pid"] for score in each_image[row["method"], row["patch_size"]]]}
            | {"tied_fraction": tied, "counts": tied < COUNTING}
        )
    return rows


def merged(runs: Sequence[Sequence[Document]]) -> list[Document]:
    """Return one document per image: the mean over the runs that include it, so that images are independent."""
    by_path: dict[str, list[Document]] = {}
    for run in runs:
        for document in run:
            by_path.setdefault(document["path"], []).append(document)
    return [_mean_document(documents) for documents in by_path.values()]


def common(first: Sequence[Document], second: Sequence[Document]) -> list[tuple[Document, Document]]:
    """Pair the documents of two lists by image."""
    others = {document["path"]: document for document in second}
    return [(document, others[document["path"]]) for document in first if document["path"] in others]


def _mean_document(documents: Sequence[Document]) -> Document:
    [first, *others] = documents
    if not others:
        return first
    ends = {name: _mean([document[name] for document in documents]) for name in ("p_full", "p_blank")}
    return {
        **first,
        **ends,
        "methods": {
            name: _mean_method([document["methods"][name] for document in documents]) for name in first["methods"]
        },
    }


def _mean_method(methods: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    columns = zip(*(method["scores"] for method in methods), strict=True)
    found = [method["localisation"] for method in methods if method["localisation"]]
    localisation = {name: _mean([each[name] for each in found]) for name in found[0]} if found else None
    return {
        "scores": [
            {**column[0], **{name: _mean([score[name] for score in column]) for name in AVERAGED}}
            for column in columns
        ],
        "localisation": localisation,
    }


def _mean(values: Sequence[float | None]) -> float | None:
    return None if None in values else float(np.mean(np.array(values, dtype=np.float64)))

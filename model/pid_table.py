"""Results of PID as tables: the curves of an image, and the scores of a set in the layout of the paper's Table 2.

Documents are those of `Evaluation.to_dict`, all of one request.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from model.metrics.statistics import mean_interval

Document = Mapping[str, Any]
CURVE_COLUMNS = ("method", "patch_size", "protocol", "step", "blank", "n", "share", "insertion", "deletion")
TABLE_COLUMNS = ("method", "patch_size", "protocol", "step", "blank", "images", "pid", "low", "high")
CURVES = ("n", "insertion_curve", "deletion_curve")
LEVEL = 0.95  # of the intervals


def curves_csv(document: Document) -> str:
    """Return all points of an image's curves, one a line; `share` is n / N."""
    rows = []
    for method, score in _scores(document):
        curves = zip(score["n"], score["insertion_curve"], score["deletion_curve"], strict=True)
        setting = (method, *(score[column] for column in CURVE_COLUMNS[1:5]))
        rows += [(*setting, n, n / score["n"][-1], insertion, deletion) for n, insertion, deletion in curves]
    return _csv(CURVE_COLUMNS, rows)


def without_curves(document: Document) -> dict[str, Any]:
    """Return what the tables need: a document of many points is a thousand times smaller without them."""
    methods = {
        name: method
        | {"scores": [{k: v for k, v in score.items() if k not in CURVES} for score in method["scores"]]}
        for name, method in document["methods"].items()
    }
    return {**document, "methods": methods}


def table_csv(documents: Sequence[Document]) -> str:
    """Return the mean score of each method and patch size over the images, with its 95 % bootstrap interval."""
    return _csv(TABLE_COLUMNS, [[row[column] for column in TABLE_COLUMNS] for row in table_rows(documents)])


def table_markdown(documents: Sequence[Document]) -> str:
    """Return the same as the paper's Table 2: a method a row, a patch size a column."""
    rows = table_rows(documents)
    sizes = list(dict.fromkeys(row["patch_size"] for row in rows))
    cells = {(row["method"], row["patch_size"]): row for row in rows}
    lines = [_caption(documents), "", _line(["PID", *(f"m={m}" for m in sizes)]), _line(["---"] * (len(sizes) + 1))]
    for method in dict.fromkeys(row["method"] for row in rows):
        lines.append(_line([method, *(_cell(cells[method, m]) for m in sizes)]))
    return "\n".join(lines) + "\n"


def table_rows(documents: Sequence[Document]) -> list[dict[str, Any]]:
    """Return one row a method and patch size, with the keys TABLE_COLUMNS."""
    scores: dict[tuple[str, int], list[Document]] = {}
    for document in documents:
        for method, score in _scores(document):
            scores.setdefault((method, score["patch_size"]), []).append(score)
    rows = []
    for (method, patch_size), of_images in scores.items():
        mean = mean_interval([score["pid"] for score in of_images], level=LEVEL)
        setting = {name: of_images[0][name] for name in ("protocol", "step", "blank")}
        figures = {"images": len(of_images), "pid": mean.value, "low": mean.low, "high": mean.high}
        rows.append({"method": method, "patch_size": patch_size, **setting, **figures})
    return rows


def _scores(document: Document) -> Iterable[tuple[str, Document]]:
    for name, method in document["methods"].items():
        for score in method["scores"]:
            yield name, score


def _caption(documents: Sequence[Document]) -> str:
    provenance = documents[0]["provenance"]
    request = provenance["request"]
    return (
        f'PID, protocol "{request["protocol"]}", step {request["step"]}, blank {request["blank"]}, '
        f"target {request['target'] or 'as predicted'}, checkpoint {provenance['checkpoint']}: "
        f"mean over images (n = {len(documents)}) and its 95 % bootstrap interval."
    )


def _cell(row: Document) -> str:
    return f"{row['pid']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()

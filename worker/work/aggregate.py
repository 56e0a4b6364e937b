"""Job: make the tables of a set from the results of its images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from model.evaluation.tables.comparison import difference_rows, differences_markdown
from model.evaluation.tables.localisation import localisation_markdown, localisation_rows
from model.evaluation.tables.scores import table_markdown, table_rows, without_curves
from model.runtime.stages import StageProgress
from worker.queue.contracts.sets import AggregatePayload
from worker.work.context import Document, JobContext
from worker.work.provenance import all_warnings, common_provenance


def aggregate(document: object, context: JobContext, report: StageProgress) -> None:
    """Make and store the tables over the images that have succeeded so far.

    Raises:
        PayloadRefused: the document is not an AggregatePayload.
        UnknownJob: the set has expired.
    """
    set_id = AggregatePayload.read(document).set_id
    counts = context.tables.counts(set_id)  # before the results: the tables contain at least what is counted here
    found = [(label, without_curves(result)) for label, result in context.tables.documents(set_id)]
    groups = list(_by_label(found)) if found else []
    tables = []
    for done, (label, documents) in enumerate(groups):
        report("tables", done, len(groups))
        tables.append(_tables(label, documents))
    documents = [document for _, document in found]
    common = {"provenance": common_provenance(documents), "warnings": all_warnings(documents)}
    context.tables.conclude(set_id, {"images": len(found), "tables": tables, **common}, counts)


def _by_label(found: Sequence[tuple[str | None, Document]]) -> Iterator[tuple[str | None, list[Document]]]:
    """Yield all images, then the images of each label if there are several labels."""
    yield None, [document for _, document in found]
    labels = sorted({label for label, _ in found if label is not None})
    for label in labels if len(labels) > 1 else ():
        yield label, [document for of, document in found if of == label]


def _tables(label: str | None, documents: Sequence[Document]) -> Document:
    """Return scores in the layout of the paper's Table 2 with intervals, paired differences, and localisation."""
    differences, localised = difference_rows(documents), localisation_rows(documents)
    parts = [table_markdown(documents), differences_markdown(differences), localisation_markdown(localised)]
    return {
        "label": label,
        "images": len(documents),
        "rows": table_rows(documents),
        "differences": differences,
        "localisation": localised,
        "markdown": "\n".join(filter(None, parts)),
    }

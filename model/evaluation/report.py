"""Report on a set of images: tables and a plot."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from model.evaluation.figures.patch_sizes import draw_over_sizes
from model.evaluation.tables.comparison import difference_rows, differences_csv, differences_markdown
from model.evaluation.tables.localisation import localisation_csv, localisation_markdown, localisation_rows
from model.evaluation.tables.scores import Document, table_csv, table_markdown, table_rows, without_curves
from model.runtime.atomic_file import write_whole

PLOT = "pid-over-m.png"
REPORT = ("table.md", "table.csv", "differences.csv", "localisation.csv", PLOT)


def write_report(out: Path, documents: Sequence[Document]) -> None:
    """Write table.md, table.csv, differences.csv, localisation.csv (where there are masks) and pid-over-m.png.

    Args:
        out: a folder that is there.
        documents: at least one, all of one request.
    """
    differences, localised = difference_rows(documents), localisation_rows(documents)
    parts = [table_markdown(documents), differences_markdown(differences), localisation_markdown(localised)]
    texts = {
        "table.csv": table_csv(documents),
        "table.md": "\n".join(filter(None, parts)),
        "differences.csv": differences_csv(differences) if differences else "",
        "localisation.csv": localisation_csv(localised) if localised else "",
    }
    for name in filter(texts.get, texts):
        write_whole(out / name, texts[name].encode())
    draw_over_sizes(table_rows(documents), out / PLOT)


def written_documents(folder: Path) -> list[Document]:
    """Return the results in a folder, by name, without their curves."""
    return [without_curves(json.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("*.json"))]


def remove_report(out: Path) -> None:
    """Remove an earlier report."""
    for name in REPORT:
        (out / name).unlink(missing_ok=True)

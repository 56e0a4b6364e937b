"""What is said of a set: tables for people and machines, and a plot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from model.evaluation.comparison import difference_rows, differences_csv, differences_markdown
from model.evaluation.masked import localisation_csv, localisation_markdown, localisation_rows
from model.evaluation.over_sizes import draw_over_sizes
from model.evaluation.table import Document, table_csv, table_markdown, table_rows
from model.whole_file import write_whole


def write_report(out: Path, documents: Sequence[Document]) -> None:
    """Write table.md, table.csv, differences.csv, localisation.csv (where there are masks) and pid-over-m.png.

    Args:
        out: a folder that is there.
        documents: at least one, all of one request.
    """
    differences, localised = difference_rows(documents), localisation_rows(documents)
    parts = [table_markdown(documents), differences_markdown(differences), localisation_markdown(localised)]
    texts = {"table.csv": table_csv(documents), "table.md": "\n".join(filter(None, parts))}
    if differences:
        texts["differences.csv"] = differences_csv(differences)
    if localised:
        texts["localisation.csv"] = localisation_csv(localised)
    for name, text in texts.items():
        write_whole(out / name, text.encode())
    draw_over_sizes(table_rows(documents), out / "pid-over-m.png")

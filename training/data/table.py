"""Label tables: CSV in UTF-8 with a header line."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from training.errors import DatasetError


def table_rows(table: Path, columns: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """Return each row's line number (its last line in the file) and its cells by column.

    Raises:
        DatasetError: the file is not such a table, or lacks one of `columns`.
    """
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            if not set(columns) <= set(reader.fieldnames or ()):
                raise DatasetError(f"{table}: needs columns {','.join(columns)}, has {reader.fieldnames}")
            return [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{table} is not a table in UTF-8: {error}") from error

"""labels.csv of a set: columns file,label[,mask], UTF-8."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from service.errors import BadSet

TABLE = "labels.csv"
MOST_BYTES = 1 << 22
LONGEST_NAME = 255
NOT_IN_NAMES = frozenset("\\:\0")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One image of a set."""

    file: str  # relative to the table's folder
    label: str
    mask: str | None


def read_table(data: bytes, *, most_rows: int) -> list[Row]:
    """Parse the rows.

    Raises:
        BadSet: not such a table, too many rows, or a row without an image or with a repeated one.
    """
    if len(data) > MOST_BYTES:
        raise BadSet(f"{TABLE}: {len(data)} bytes; at most {MOST_BYTES} are read")
    try:
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        rows = [_row(reader.line_num, cells, reader.fieldnames or ()) for cells in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadSet(f"{TABLE} is not a table in UTF-8: {error}") from error
    if not rows:
        raise BadSet(f"{TABLE} names no image")
    if len(rows) > most_rows:
        raise BadSet(f"{TABLE} has {len(rows)} rows; at most {most_rows} are read")
    if len({row.file for row in rows}) < len(rows):
        raise BadSet(f"{TABLE} names an image twice")
    return rows


def check_name(name: str) -> None:
    """Refuse a name that leaves its folder on any operating system, or is not printable.

    Raises:
        BadSet: the message has the name.
    """
    steps = name.split("/")
    if {"", ".", ".."} & set(steps) or NOT_IN_NAMES & set(name) or not name.isprintable():
        raise BadSet(f"{name!r}: not the name of a file within the set")
    if len(name) > LONGEST_NAME:
        raise BadSet(f"{name[:LONGEST_NAME]}…: a name of more than {LONGEST_NAME} characters")


def _row(line: int, cells: dict[str, str | None], columns: object) -> Row:
    file, label, mask = ((cells.get(column) or "").strip() for column in ("file", "label", "mask"))
    if "file" not in cells or "label" not in cells:
        raise BadSet(f"{TABLE}: needs columns file,label, has {columns}")
    if not file or not label:
        raise BadSet(f"{TABLE}, line {line}: no file or no label")
    for name in filter(None, (file, mask)):
        check_name(name)
    return Row(file=file, label=label, mask=mask or None)

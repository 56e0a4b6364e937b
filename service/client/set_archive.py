"""Zip of a set, for upload."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from service.errors import BadSet
from service.sets.table import TABLE, read_table

MOST_ROWS = 1_000_000  # the service has its own limit


@contextmanager
def open_archive(source: Path) -> Iterator[IO[bytes]]:
    """Open a zip, or pack a folder's labels.csv and the files it names into one.

    Raises:
        BadSet: a folder without a readable labels.csv, or one that names a missing file.
        OSError: a file cannot be read.
    """
    if not source.is_dir():
        with source.open("rb") as file:
            yield file
        return
    with tempfile.TemporaryFile() as file:
        _pack(source, file)
        file.seek(0)
        yield file


def _pack(folder: Path, file: IO[bytes]) -> None:
    if not (folder / TABLE).is_file():
        raise BadSet(f"{folder}: no {TABLE} with columns file,label[,mask] there")
    rows = read_table((folder / TABLE).read_bytes(), most_rows=MOST_ROWS)
    names = dict.fromkeys([TABLE, *(name for row in rows for name in (row.file, row.mask) if name)])
    if missing := [name for name in names if not (folder / name).is_file()]:
        raise BadSet(f"{folder}: {TABLE} names {missing[0]}, which is not there")
    with zipfile.ZipFile(file, "w", strict_timestamps=False) as archive:  # stored: images are compressed already
        for name in names:
            archive.write(folder / name, name)

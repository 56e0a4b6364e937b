"""Zip of images and labels.csv, read entry by entry; nothing is unpacked to disk."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from typing import BinaryIO

from service.errors import BadSet
from service.sets.table import TABLE, check_name

END = b"PK\5\6"  # of the central directory
END_64 = b"PK\6\7"
END_BYTES, END_64_BYTES = 22, 20
LONGEST_COMMENT = 65_536
DIRECTORY_BYTES = 256  # largest size of an entry in the directory; about 100 is usual
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
ENCRYPTED = 1  # flag bit
_FAILURES = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError, RuntimeError)


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Limits of a set."""

    items: int
    file_bytes: int  # of one file, expanded
    total_bytes: int  # of all files, expanded

    @property
    def entries(self) -> int:
        """Most entries of a zip: images, masks, as many macOS files, and some folders."""
        return 4 * self.items + 1000


class Archive:
    """Uploaded zip. Its declared sizes are checked before anything is expanded."""

    def __init__(self, file: BinaryIO, bounds: Bounds) -> None:
        """Read and check the directory.

        Raises:
            BadSet: not a zip, or an unsupported one; the message says why.
        """
        _check_directory(file, bounds)
        try:
            self._zip = zipfile.ZipFile(file)
        except _FAILURES as error:
            raise BadSet(f"the zip does not open: {error}") from error
        if len(self._zip.infolist()) > bounds.entries:  # the number in the end record may be false
            raise BadSet(f"the zip has more than {bounds.entries} entries")
        entries = [entry for entry in self._zip.infolist() if not entry.is_dir() and not _is_of_mac(entry.filename)]
        for entry in entries:
            _check_entry(entry, bounds)
        if (total := sum(entry.file_size for entry in entries)) > bounds.total_bytes:
            raise BadSet(f"the zip expands to {total} bytes; at most {bounds.total_bytes} are read")
        names = Counter(entry.filename for entry in entries)
        if repeated := [name for name, times in names.items() if times > 1]:
            raise BadSet(f"the zip has {repeated[0]!r} twice")
        self._root = _root_of(names)
        self._entries = {entry.filename: entry for entry in entries}

    def has(self, name: str) -> bool:
        """Return whether there is a file of that name, relative to the table's folder."""
        return self._root + name in self._entries

    def read(self, name: str) -> bytes:
        """Expand a file, relative to the table's folder, up to its declared size.

        Raises:
            BadSet: no such file, or its data are corrupt.
        """
        if not self.has(name):
            raise BadSet(f"{name}: not in the zip")
        entry = self._entries[self._root + name]
        try:
            with self._zip.open(entry) as file:
                return file.read(entry.file_size)
        except _FAILURES as error:
            raise BadSet(f"{name}: cannot be read from the zip: {error}") from error


def _check_directory(file: BinaryIO, bounds: Bounds) -> None:
    """Refuse a directory that would fill the memory, by the zip's end record alone.

    Raises:
        BadSet: not a zip, or too many entries.
    """
    size = file.seek(0, 2)
    file.seek(-min(size, END_64_BYTES + END_BYTES + LONGEST_COMMENT), 2)
    tail = file.read()
    place = tail.rfind(END)
    if place < 0 or len(tail) - place < END_BYTES:
        raise BadSet("not a zip")
    entries, directory_bytes = struct.unpack_from("<HI", tail, place + 10)
    if END_64 in tail[max(place - END_64_BYTES, 0) : place] or entries == 0xFFFF:
        raise BadSet("zip64 archives are not read: a set is smaller than what needs them")
    if entries > bounds.entries or directory_bytes > bounds.entries * DIRECTORY_BYTES:
        raise BadSet(f"the zip has {entries} entries in {directory_bytes} bytes; at most {bounds.entries} are read")


def _check_entry(entry: zipfile.ZipInfo, bounds: Bounds) -> None:
    """Refuse an entry by its declared properties.

    Raises:
        BadSet: the message has its name.
    """
    name = entry.filename
    check_name(name)
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise BadSet(f"{name}: a link; links are not followed")
    if entry.flag_bits & ENCRYPTED:
        raise BadSet(f"{name}: encrypted")
    if entry.compress_type not in METHODS:
        raise BadSet(f"{name}: only stored and deflated entries are read")
    if entry.file_size > bounds.file_bytes:
        raise BadSet(f"{name}: {entry.file_size} bytes; at most {bounds.file_bytes} a file are read")


def _root_of(names: Counter[str]) -> str:
    """Return the path before the table's name: zipping a folder puts its name before all entries.

    Raises:
        BadSet: no table, or several.
    """
    tables = [name for name in names if name.rpartition("/")[2] == TABLE]
    if len(tables) != 1:
        raise BadSet(f"the zip has {len(tables)} files {TABLE}, it needs one")
    return tables[0].removesuffix(TABLE)


def _is_of_mac(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rpartition("/")[2] == ".DS_Store"

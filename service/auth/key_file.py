"""LABN_API_KEYS_FILE: a key a line, `NAME SHA256 SCOPE,SCOPE`; empty lines and those behind a # say nothing."""

from __future__ import annotations

import os
from pathlib import Path

from service.auth.key import NAME, SCOPES, ApiKey, Scope
from service.errors import SettingsError

DIGEST_BYTES = 32


def read_keys(path: Path) -> list[ApiKey]:
    """Read the keys of a file.

    Raises:
        SettingsError: it cannot be read, or a line of it; the message names the line and never what stands in it.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"LABN_API_KEYS_FILE: cannot read {path}: {error}") from error
    keys: dict[str, ApiKey] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key = _read_line(line, f"LABN_API_KEYS_FILE: {path}, line {number}")
        if key.name in keys:
            raise SettingsError(f"LABN_API_KEYS_FILE: {path}, line {number}: the name {key.name} is there twice")
        keys[key.name] = key
    return list(keys.values())


def append_key(path: Path, key: ApiKey) -> None:
    """Add a key; the file is made for its owner alone where there is none.

    Raises:
        SettingsError: the file cannot be written, or has a key of that name.
    """
    if path.exists() and any(there.name == key.name for there in read_keys(path)):
        raise SettingsError(f"{path} has a key of the name {key.name}; delete its line first to replace it")
    line = f"{key.name} {key.digest.hex()} {','.join(sorted(key.scopes))}\n"
    try:
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        with open(file, "r+b") as opened:  # noqa: PTH123  (which a Path cannot open with these rights)
            opened.write((_end_of_line(opened.fileno()) + line).encode())
    except OSError as error:
        raise SettingsError(f"cannot write {path}: {error}") from error


def parse_scopes(text: str) -> frozenset[Scope]:
    """Read scopes with commas between them.

    Raises:
        ValueError: none, or one that is not known.
    """
    scopes = frozenset(scope for scope in SCOPES if scope in text.split(","))
    if not scopes or len(scopes) != len(text.split(",")):
        raise ValueError(f"scopes are {', '.join(SCOPES)}, with commas between them")
    return scopes


def _read_line(line: str, place: str) -> ApiKey:
    try:
        name, digest, scopes = line.split()
        key = ApiKey(name=name, digest=bytes.fromhex(digest), scopes=parse_scopes(scopes))
    except ValueError as error:
        raise SettingsError(f"{place}: not NAME SHA256 SCOPE,SCOPE") from error
    if len(key.digest) != DIGEST_BYTES or not NAME.fullmatch(name):
        raise SettingsError(f"{place}: not NAME SHA256 SCOPE,SCOPE")
    return key


def _end_of_line(file: int) -> str:
    """Return what a last line without an end lacks."""
    size = os.fstat(file).st_size
    return "\n" if size and os.pread(file, 1, size - 1) != b"\n" else ""

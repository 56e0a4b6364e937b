"""Key file (LABN_API_KEYS_FILE): one key per line, `NAME SHA256 SCOPE,SCOPE`; empty lines and # comments."""

from __future__ import annotations

import os
from pathlib import Path

from service.auth.key import NAME, SCOPES, ApiKey, Scope
from service.errors import SettingsError

DIGEST_BYTES = 32


def read_keys(path: Path) -> list[ApiKey]:
    """Read the keys of a file.

    Raises:
        SettingsError: the file cannot be read or a line is invalid; the message has the line's number only.
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
            raise SettingsError(f"LABN_API_KEYS_FILE: {path}, line {number}: the name {key.name} is used twice")
        keys[key.name] = key
    return list(keys.values())


def append_key(path: Path, key: ApiKey) -> None:
    """Append a key. A new file is readable by its owner only.

    Raises:
        SettingsError: the file cannot be written, or already has a key of that name.
    """
    if path.exists() and any(known.name == key.name for known in read_keys(path)):
        raise SettingsError(f"{path} already has a key named {key.name}; to replace it, delete its line first")
    line = f"{key.name} {key.digest.hex()} {','.join(sorted(key.scopes))}\n"
    try:
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        with open(file, "r+b") as opened:  # noqa: PTH123  (Path.open cannot set the mode)
            opened.write((_missing_newline(opened.fileno()) + line).encode())
    except OSError as error:
        raise SettingsError(f"cannot write {path}: {error}") from error


def parse_scopes(text: str) -> frozenset[Scope]:
    """Parse comma-separated scopes.

    Raises:
        ValueError: no scope, or an unknown one.
    """
    scopes = frozenset(scope for scope in SCOPES if scope in text.split(","))
    if not scopes or len(scopes) != len(text.split(",")):
        raise ValueError(f"scopes must be a comma-separated list of {', '.join(SCOPES)}")
    return scopes


def _read_line(line: str, location: str) -> ApiKey:
    try:
        name, digest, scopes = line.split()
        key = ApiKey(name=name, digest=bytes.fromhex(digest), scopes=parse_scopes(scopes))
    except ValueError as error:
        raise SettingsError(f"{location}: not NAME SHA256 SCOPE,SCOPE") from error
    if len(key.digest) != DIGEST_BYTES or not NAME.fullmatch(name):
        raise SettingsError(f"{location}: not NAME SHA256 SCOPE,SCOPE")
    return key


def _missing_newline(file: int) -> str:
    """Return a newline if the file's last line lacks one."""
    size = os.fstat(file).st_size
    return "\n" if size and os.pread(file, 1, size - 1) != b"\n" else ""

"""Parser of server-sent events (HTML standard, section 9.2.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """One event with data."""

    data: str
    id: str  # last id received; empty: none yet


def read_events(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Yield the events of a stream; a truncated one is dropped."""
    data: list[str] = []
    last_id = ""
    for line in _lines(chunks):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name == "id":
            last_id = value
        elif not line and data:
            yield Event("\n".join(data), last_id)
            data = []


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield lines without LF or CR LF. str.splitlines would also split JSON at U+2028."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line.removesuffix(b"\r").decode("utf-8", "replace") for line in lines)

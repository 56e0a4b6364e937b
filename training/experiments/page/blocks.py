"""What a page is made of: sections of text, tables and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cell:
    """A cell of a table."""

    text: str
    note: str = ""  # smaller, behind it: an interval, a p-value
    void: bool = False  # a figure that does not count


@dataclass(frozen=True)
class Line:
    """A row of a table."""

    cells: Sequence[Cell]
    quoted: bool = False  # figures of others, to compare with


@dataclass(frozen=True)
class Text:
    """A paragraph, plain."""

    words: str


@dataclass(frozen=True)
class Table:
    """A table with a caption above it."""

    caption: str
    header: Sequence[str]
    lines: Sequence[Line]


@dataclass(frozen=True)
class Picture:
    """A picture with a caption below it."""

    name: str  # of its file, without the suffix
    png: bytes = field(repr=False)
    caption: str


Block = Text | Table | Picture


@dataclass(frozen=True)
class Section:
    """Blocks under a title."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Page:
    """All of it."""

    title: str
    lead: str
    sections: Sequence[Section]


def cells(*texts: str) -> list[Cell]:
    """Return plain cells."""
    return [Cell(text) for text in texts]

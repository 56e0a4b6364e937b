"""Building blocks of a page: sections of text, tables and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cell:
    """A cell of a table."""

    text: str
    note: str = ""  # in small print after it: an interval, a p-value
    void: bool = False  # struck out: the figure does not count


@dataclass(frozen=True)
class Line:
    """A row of a table."""

    cells: Sequence[Cell]
    quoted: bool = False  # published figures, for comparison


@dataclass(frozen=True)
class Text:
    """Paragraph of plain text."""

    words: str


@dataclass(frozen=True)
class Table:
    """Table with a caption above it."""

    caption: str
    header: Sequence[str]
    lines: Sequence[Line]


@dataclass(frozen=True)
class Picture:
    """Picture with a caption below it."""

    name: str  # file name without suffix
    png: bytes = field(repr=False)
    caption: str


Block = Text | Table | Picture


@dataclass(frozen=True)
class Section:
    """Titled group of blocks."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Page:
    """Title, lead and sections."""

    title: str
    lead: str
    sections: Sequence[Section]


def cells(*texts: str) -> list[Cell]:
    """Return cells without notes."""
    return [Cell(text) for text in texts]

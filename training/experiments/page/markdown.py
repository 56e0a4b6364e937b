"""Renders a page as Markdown, with its pictures as files beside it."""

from __future__ import annotations

from model.evaluation.tables.rows import markdown_table
from training.experiments.page.blocks import Block, Cell, Page, Picture, Section, Table

VOID = "†"  # after a figure that does not count


def page_markdown(page: Page) -> str:
    """Return the page; it links to pictures beside it, named as by `picture_files`."""
    parts = [f"# {page.title}", page.lead, *(section_markdown(section) for section in page.sections)]
    return "\n\n".join(parts) + "\n"


def section_markdown(section: Section) -> str:
    """Return a section."""
    return "\n\n".join([f"## {section.title}", *map(_block, section.blocks)])


def picture_files(page: Page) -> dict[str, bytes]:
    """Return the pictures' contents by file name."""
    blocks = [block for section in page.sections for block in section.blocks]
    return {_file(block): block.png for block in blocks if isinstance(block, Picture)}


def _block(block: Block) -> str:
    if isinstance(block, Table):
        return f"{block.caption}\n\n{_table(block)}".rstrip()
    if isinstance(block, Picture):
        return f"![{block.caption}]({_file(block)})\n\n*{block.caption}*"
    return block.words


def _table(table: Table) -> str:
    rows = []
    for line in table.lines:
        texts = map(_cell, line.cells)
        rows.append([f"*{text}*" if line.quoted and text else text for text in texts])
    return markdown_table(table.header, rows)


def _cell(cell: Cell) -> str:
    marked = f"{cell.text} {VOID}" if cell.void else cell.text
    return f"{marked} {cell.note}".rstrip().replace("|", "\\|")


def _file(picture: Picture) -> str:
    return f"{picture.name}.png"

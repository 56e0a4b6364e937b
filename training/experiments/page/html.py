"""A page as one HTML file: pictures and style inside, no script, nothing asked of any other place."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from pathlib import Path

from training.experiments.page.blocks import Block, Cell, Line, Page, Picture, Section, Table

STYLE = Path(__file__).with_name("page.css")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page_html(page: Page) -> str:
    """Return the page."""
    links = "".join(f'<a href="#{_anchor(s.title)}">{escape(s.title)}</a>' for s in page.sections)
    return (
        "<!doctype html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{escape(page.title)}</title>\n"
        f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n"
        f"<header>\n<h1>{escape(page.title)}</h1>\n<p>{escape(page.lead)}</p>\n<nav>{links}</nav>\n</header>\n<main>\n"
        f"{''.join(map(_section, page.sections))}</main>\n</body>\n</html>\n"
    )


def _section(section: Section) -> str:
    blocks = "".join(map(_block, section.blocks))
    anchor, title = _anchor(section.title), escape(section.title)
    return f'<section id="{anchor}">\n<h2>{title}</h2>\n{blocks}</section>\n'


def _block(block: Block) -> str:
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Picture):
        return _picture(block)
    return f"<p>{escape(block.words)}</p>\n"


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.header)
    body = "".join(map(_line, table.lines))
    return (
        f'<div class="wide"><table>\n<caption>{escape(table.caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table></div>\n"
    )


def _line(line: Line) -> str:
    [first, *others] = line.cells
    quoted = ' class="quoted"' if line.quoted else ""
    return f'<tr{quoted}><th scope="row">{_inside(first)}</th>{"".join(map(_cell, others))}</tr>\n'


def _cell(cell: Cell) -> str:
    void = ' class="void"' if cell.void else ""
    return f"<td{void}>{_inside(cell)}</td>"


def _inside(cell: Cell) -> str:
    note = f"<small>{escape(cell.note)}</small>" if cell.note else ""
    return escape(cell.text) + note


def _picture(picture: Picture) -> str:
    data, caption = b64encode(picture.png).decode("ascii"), escape(picture.caption)
    return (
        f'<figure><img alt="{caption}" src="data:image/png;base64,{data}">'
        f"<figcaption>{caption}</figcaption></figure>\n"
    )


def _anchor(title: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in title.lower()).split())

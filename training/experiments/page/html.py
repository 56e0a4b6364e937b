"""Renders a page as one HTML file: pictures and style inside, no script, no request to any other host."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from training.experiments.page.blocks import Page


def page_html(page: Page) -> str:
    """Return the page; all of its texts are escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"anchor": _anchor, "base64": _base64}
    return environment.get_template("page.html.j2").render(page=page)


def _anchor(title: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in title.lower()).split())


def _base64(content: bytes) -> str:
    return b64encode(content).decode("ascii")

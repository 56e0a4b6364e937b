"""The files of the page, read once: each with its media type, deflated where that pays, under one version."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from model.images import overlay

FOLDER = Path(__file__).with_name("static")
INDEX = "index.html"
VERSION_MARK = b"VERSION"  # in the index, where addresses of the other files have the version
MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
}
DEFLATED = {".html", ".css", ".js", ".svg"}
VERSION_DIGITS = 12  # hex
COLORMAPS = Path(overlay.__file__).with_name("colormaps.png")  # the page draws with the very tables of the API


@dataclass(frozen=True)
class PageFile:
    """A file as it is sent."""

    body: bytes
    media_type: str
    deflated: bytes | None  # by gzip


@dataclass(frozen=True)
class PageFiles:
    """All files by their path under `static`; their version is a digest of them all."""

    version: str
    files: dict[str, PageFile]


@cache
def page_files() -> PageFiles:
    """Read the folder."""
    paths = {path.relative_to(FOLDER).as_posix(): path for path in FOLDER.rglob("*") if path.suffix in MEDIA_TYPES}
    bodies = {name: path.read_bytes() for name, path in sorted({**paths, COLORMAPS.name: COLORMAPS}.items())}
    digest = hashlib.sha256()
    for name, body in bodies.items():
        digest.update(f"{name} {len(body)} ".encode() + body)
    version = digest.hexdigest()[:VERSION_DIGITS]
    bodies[INDEX] = bodies[INDEX].replace(VERSION_MARK, version.encode())
    return PageFiles(version, {name: _page_file(name, body) for name, body in bodies.items()})


def _page_file(name: str, body: bytes) -> PageFile:
    suffix = Path(name).suffix
    deflated = gzip.compress(body, mtime=0) if suffix in DEFLATED else None
    return PageFile(body, MEDIA_TYPES[suffix], deflated)

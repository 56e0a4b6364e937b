"""The files of the page, read once, with media types, gzip-compressed text and a common version."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from model.images import overlay

FOLDER = Path(__file__).with_name("static")
INDEX = "index.html"
VERSION_MARK = b"VERSION"  # placeholder in the index, in the URLs of the other files
MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
}
GZIPPED = {".html", ".css", ".js", ".svg"}
VERSION_DIGITS = 12  # hex
COLORMAPS = Path(overlay.__file__).with_name("colormaps.png")  # the tables that the API draws with


@dataclass(frozen=True)
class PageFile:
    """A file as served."""

    body: bytes
    media_type: str
    gzipped: bytes | None


@dataclass(frozen=True)
class PageFiles:
    """All files by their path under `static`, and a version: a digest of their contents."""

    version: str
    files: dict[str, PageFile]


@cache
def page_files() -> PageFiles:
    """Read all files of the page; the result is cached."""
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
    gzipped = gzip.compress(body, mtime=0) if suffix in GZIPPED else None
    return PageFile(body, MEDIA_TYPES[suffix], gzipped)

"""Where Chromium is."""

from __future__ import annotations

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def find_chromium() -> str | None:
    """Return the first one on PATH, if there is one."""
    return next(filter(None, map(shutil.which, NAMES)), None)

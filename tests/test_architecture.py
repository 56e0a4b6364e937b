"""The list of modules in docs/architecture.md is what the docstrings say."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "scripts" / "architecture.py"


def test_the_page_lists_the_modules_as_their_docstrings_describe_them() -> None:
    spec = importlib.util.spec_from_file_location("architecture", SCRIPT)
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    written = script.PAGE.read_text(encoding="utf-8")
    made = script.page()
    assert made == written, "out of date; run: .venv/bin/python scripts/architecture.py"
    assert "| `network.py` |" in made

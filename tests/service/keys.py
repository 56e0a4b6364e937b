"""A file of API keys, made as an operator makes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.keys import main


def new_key(file: Path, name: str, capsys: pytest.CaptureFixture[str], *, scopes: str = "predict,evaluate") -> str:
    assert main(["new", name, "--scopes", scopes, "--file", str(file)]) == 0
    return capsys.readouterr().out.strip()

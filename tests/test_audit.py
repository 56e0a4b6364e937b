"""The output of `make audit`, in particular when no vulnerability database was reached."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "audit_report.py"
SOUND = {"name": "sound", "version": "1", "vulns": []}
SICK = {"name": "sick", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]}
UNKNOWN = {"name": "unknown", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "status", "words"),
    [
        ([SOUND], 0, "1 of 1 packages checked, 0 with"),
        ([SOUND, SICK], 1, "sick 2: PYSEC-1, fixed in 3"),
        ([SOUND, UNKNOWN], 0, "unknown: not checked"),
        ([UNKNOWN], 3, "NOTHING was checked"),
        (None, 3, "NOTHING was checked"),
    ],
)
def test_the_report_tells(packages: list[dict[str, Any]] | None, status: int, words: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text("" if packages is None else json.dumps({"dependencies": packages}))
    done = subprocess.run([sys.executable, SCRIPT, report], capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert words in done.stdout + done.stderr

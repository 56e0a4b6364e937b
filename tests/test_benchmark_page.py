"""That the page is measured where there is a Chromium, and skipped in words where there is none; never how fast."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.blocks import QUICK
from benchmarks.chromium import find_chromium
from benchmarks.page import measure_page
from service.page.files import page_files


def test_the_page_is_weighed_and_its_paint_timed(tmp_path: Path) -> None:
    if find_chromium() is None:
        pytest.skip("no Chromium on PATH: `make test-browser` installs it or says how")
    figures = {figure.name: figure for figure in measure_page(QUICK, tmp_path)}
    weight, sent = figures["page weight"], figures["page weight as it is sent"]
    texts = {name: file for name, file in page_files().files.items() if file.gzipped}
    assert len(texts["index.html"].body) + len(texts["style.css"].body) < weight.value * 1000
    assert sent.value < weight.value < sum(len(file.body) for file in texts.values()) / 1000
    assert weight.holds
    assert figures["page first contentful paint"].target == "<= 300"
    paint, slowest = figures["page first contentful paint"], figures["page first contentful paint, slowest"]
    assert 0 < paint.value <= slowest.value


def test_without_chromium_it_is_skipped_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert list(measure_page(QUICK, tmp_path)) == []
    assert "page: skipped, no Chromium on PATH" in capsys.readouterr().out

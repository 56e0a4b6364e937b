"""The page at `/` in a real Chromium on this machine: when something is seen of it, and what it weighs."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright
from tqdm import tqdm, trange

from benchmarks.blocks import Effort
from benchmarks.checkpoints import SHIPPED
from benchmarks.chromium import find_chromium
from benchmarks.figures import Figure, bounded, measured
from benchmarks.live_service import LiveService

PAINT_MS = 300.0
WEIGHT_KB = 200.0  # 1 kB = 1000 bytes
SHOWN = ".examples img"  # which needs the list of models: all that comes first has come
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
BYTES = """(() => {
    const loaded = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
        .filter((entry) => !/\\.(png|jpg)$/.test(entry.name));
    const sum = (name) => loaded.reduce((total, entry) => total + entry[name], 0);
    return [sum("decodedBodySize"), sum("transferSize")];
})()"""


@dataclass(frozen=True, kw_only=True)
class Load:
    """The page opened once."""

    paint_ms: float  # from the navigation's start to the first contentful paint
    plain_kb: float  # without pictures
    sent_kb: float  # of these, deflated and with headers; those kept from before are not sent


def measure_page(effort: Effort, _folder: Path) -> Iterator[Figure]:
    """Open the page over and over; where there is no Chromium there are no figures."""
    executable = find_chromium()
    if executable is None:
        tqdm.write("page: skipped, no Chromium on PATH; `make test-browser` installs it or says how")
        return
    with LiveService(SHIPPED) as service, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        _open_anew(browser, service.url)  # which warms Chromium and the service
        rounds = trange(effort.rounds, desc="page", unit="round", leave=False, disable=None)
        loads = [_open_anew(browser, service.url) for _ in rounds]
        browser.close()
    yield from _figures([first for first, _ in loads], [again for _, again in loads])


def _open_anew(browser: Browser, url: str) -> tuple[Load, Load]:
    """Open the page in a window that has nothing of it, then once more with its files kept."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    loads = _open(context, url), _open(context, url)
    context.close()
    return loads


def _open(context: BrowserContext, url: str) -> Load:
    page = context.new_page()
    page.goto(f"{url}/")
    page.locator(SHOWN).first.wait_for()
    page.wait_for_function(PAINT)
    plain, sent = page.evaluate(BYTES)
    load = Load(paint_ms=page.evaluate(PAINT), plain_kb=plain / 1000, sent_kb=sent / 1000)
    page.close()
    return load


def _figures(first: list[Load], again: list[Load]) -> Iterator[Figure]:
    how = (
        f"`/` of a service with one model on loopback, Chromium without a window, nothing kept; {len(first)} loads"
    )
    paints = [load.paint_ms for load in first]
    yield bounded(
        "page first contentful paint", statistics.median(paints), "ms", at_most=PAINT_MS, how=f"{how}: median"
    )
    yield measured("page first contentful paint, slowest", max(paints), "ms", how=how)
    kept = statistics.median(load.paint_ms for load in again)
    yield measured("page first contentful paint, files kept", kept, "ms", how="the same page once more: median")
    weight = "all that the page loads before its first answer, without pictures"
    yield bounded("page weight", first[0].plain_kb, "kB", at_most=WEIGHT_KB, how=weight)
    yield measured("page weight as it is sent", first[0].sent_kb, "kB", how=f"{weight}, deflated and with headers")
